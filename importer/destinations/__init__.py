"""Where ratings go: one folder for each service; requests and answers as values, no I/O."""
