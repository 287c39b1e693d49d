"""Files for the machine's own schedulers."""
