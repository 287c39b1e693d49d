"""What people read afterwards: the results file and the summary."""
