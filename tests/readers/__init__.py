"""Readers, one by one and all by the same suite."""
