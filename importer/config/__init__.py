"""What the user decided, and where: flags, environment, TOML, folders."""
