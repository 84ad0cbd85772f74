"""`python -m aigini` is the command `aigini`."""

from aigini.cli import main

if __name__ == "__main__":
    main()
