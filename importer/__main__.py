"""`python -m importer` and the `importer` command."""

from importer.cli.app import main

if __name__ == "__main__":
    main()
