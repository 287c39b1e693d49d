"""Today's Trakt API."""
