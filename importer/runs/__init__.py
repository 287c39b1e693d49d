"""The use cases: load, compare, send, verify, undo."""
