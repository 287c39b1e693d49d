"""Destinations: one file per API; builds requests, reads responses, waits for nothing."""
