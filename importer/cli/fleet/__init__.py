"""`importer fleet`: a file for each of its commands."""


def fleet() -> None:
    """Import for many accounts, on one machine or many.

    Accounts are added once, with their sign-ins; then `importer fleet run` imports whatever is due.
    """
