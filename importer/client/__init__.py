"""The client: workers, rate limit, retries, sign-in and the network."""
