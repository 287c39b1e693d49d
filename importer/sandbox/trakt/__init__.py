"""Trakt's API of today, with its sign-in."""
