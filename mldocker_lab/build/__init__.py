"""Builders: a Dockerfile and its context in, one stream of typed events out."""
