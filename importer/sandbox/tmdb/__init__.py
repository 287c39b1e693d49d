"""TMDB, `POST /3/movie/{id}/rating` and its neighbours, with a token, a key and sessions."""
