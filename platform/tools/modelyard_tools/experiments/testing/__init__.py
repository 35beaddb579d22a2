"""Functions and a CVAT server to experiment with, for tests."""
