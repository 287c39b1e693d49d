"""Reports of unattended runs: log, health file, metrics, notifications."""
