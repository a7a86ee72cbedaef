"""Text and folders in, plain data out: Dockerfiles, ignore rules, build contexts."""
