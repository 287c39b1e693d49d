"""What an unattended run reports: log, health file, metrics, notifications."""
