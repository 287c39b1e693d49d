"""Trakt's original protocol, as compatible servers speak it."""
