"""The image built and the service run: what is seen of the points by watching."""
