"""Decodes the outputs of well-known networks to shapes, independent of the runtime."""
