"""Ids for rows that have none."""
