"""Readers: one file per export format, behind `open_reader`. The only home of pandas."""
