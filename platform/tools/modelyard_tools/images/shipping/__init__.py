"""Ships built images to an engine, a registry or a file."""
