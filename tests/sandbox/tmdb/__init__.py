"""TMDB at the sandbox."""
