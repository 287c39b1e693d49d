"""TMDB, as far as it is asked for titles; ratings cannot be sent there yet."""
