"""`python -m riskrules`: the command line."""

from __future__ import annotations

from riskrules.cli.main import main

if __name__ == "__main__":
    main()
