"""The tests: mirrors importer/."""
