"""The formats, a file for each; `scaled`, `users` and `parts` hold what several have in common."""
