"""Delivery: everything that waits. Workers, backoff, limiter, transport."""
