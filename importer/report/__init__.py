"""The summary of a run and the inspection of a file: text, JSON and a page."""
