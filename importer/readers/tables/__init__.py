"""Any file as a table of cells."""
