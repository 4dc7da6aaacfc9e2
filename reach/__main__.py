"""The command line as ``python -m reach``: the same as the console script.

Without it Python would end with 1, which is a verdict.  Knows nothing else.
"""

from reach.cli import main

if __name__ == "__main__":
    main()
