"""Settings from flags, environment and the TOML file, and the folders they are in."""
