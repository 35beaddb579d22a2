"""Malformed requests by the ten thousand: none may cause a 5xx, a hang or a dead worker."""
