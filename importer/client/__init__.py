"""Everything that waits: workers, pace, retries, sign-in, the network."""
