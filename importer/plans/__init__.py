"""A run written out instead of sent."""
