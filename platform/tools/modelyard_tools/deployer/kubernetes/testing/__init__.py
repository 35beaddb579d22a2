"""A cluster for tests, and the schema of its objects."""
