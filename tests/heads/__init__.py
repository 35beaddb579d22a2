"""Trained networks, as functions without code."""
