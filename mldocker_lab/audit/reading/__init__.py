"""From the files of a project to what they say: instructions, commands, packages, containers."""
