"""A page of this machine for people who would rather look: `importer web`.

It has no rule of its own. Each step is a command of this program, run as a child process (`commands.py`).
What it found is in files and journals, which the pages read. So the page can be closed, and its server ended,
at any time.
"""
