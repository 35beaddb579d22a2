"""A cluster to test with, and what its objects have to be."""
