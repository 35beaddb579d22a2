"""Thousands of malformed requests: none may cause a 5xx, a hang or a dead worker."""
