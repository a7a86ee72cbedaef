"""Tells which support tickets are urgent."""
