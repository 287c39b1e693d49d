"""TMDB: its settings, sign-in, requests, answers and ratings, the search for titles and for its own ids."""
