"""Measured work: `make bench`. Never a timed test."""
