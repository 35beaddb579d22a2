"""Planted networks for tests of functions without code."""
