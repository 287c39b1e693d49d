"""Finds ids for rows without ids: looks titles up, scores candidates, writes and reads the match file."""
