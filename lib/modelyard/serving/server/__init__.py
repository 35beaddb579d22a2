"""Accepts requests for the workers, in the platform and in the standalone image."""
