"""The exit codes of every command."""

FINE = 0
FINDINGS = 1
BAD_USE = 2
INVALID_BOOK = 20
UNDECIDED = 30
BUG = 70
