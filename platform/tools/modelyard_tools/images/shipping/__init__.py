"""Built images on their way to an engine, a registry or a file."""
