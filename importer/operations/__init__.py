"""What an unattended run tells the outside: log lines, a health file, metrics, notifications; and its timers.

`run_end.py` is the value that all of them are told; `announcing.py` tells it to all at once. structlog,
prometheus_client and Apprise each have their one home in here and are imported when they are used.
"""
