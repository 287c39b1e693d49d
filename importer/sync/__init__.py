"""Sync jobs: their settings, source, state and schedule."""
