"""A look-alike of the API of Simkl."""
