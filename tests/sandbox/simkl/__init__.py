"""The look-alike of Simkl, held to what Simkl documents."""
