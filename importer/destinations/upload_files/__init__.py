"""Files that people upload themselves."""
