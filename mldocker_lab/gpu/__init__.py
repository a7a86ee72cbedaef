"""GPUs: what is known of a host and of an image, whether they fit, and what went wrong if not."""
