"""The summary of a run and the inspection of a file, for people and for programs."""
