"""Live views of a build, in a notebook or a terminal."""
