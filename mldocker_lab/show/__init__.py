"""Tables and pictures. Nothing here has heard of Docker."""
