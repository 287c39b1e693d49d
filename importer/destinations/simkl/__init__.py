"""Simkl: movies, shows and anime of the signed-in account."""
