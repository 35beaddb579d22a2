"""Container images put together without an engine: layers from packages, and where they go."""
