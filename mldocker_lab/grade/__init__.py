"""Grading: evidence from real builds and containers in, verdicts and points out."""
