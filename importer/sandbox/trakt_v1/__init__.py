"""Trakt's original API, `POST /rate/...`."""
