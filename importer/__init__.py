"""Asynchronous batch rating importer: an export goes in, every row's outcome comes out."""
