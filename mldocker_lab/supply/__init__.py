"""What builds consume: base images, and wheels from a mirror of the lab itself."""
