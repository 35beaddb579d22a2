"""Salient object: masks of the salient objects in a picture."""
