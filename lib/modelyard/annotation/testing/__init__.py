"""Arbitrary shapes, and skeletons, for tests."""
