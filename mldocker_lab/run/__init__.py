"""Containers under test: start, ask, stop, read their logs."""
