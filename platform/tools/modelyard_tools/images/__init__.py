"""Builds container images without an engine, and ships them."""
