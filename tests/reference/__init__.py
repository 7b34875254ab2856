"""The same rules a second time, written the way a textbook would and sharing nothing with the package.

Two independent statements of one rule that agree on every adversarial account are worth more than one
that agrees with itself.
"""
