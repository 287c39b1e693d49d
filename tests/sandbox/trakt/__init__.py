"""Tests of the sandbox, with a plain HTTP client and never the importer's own."""
