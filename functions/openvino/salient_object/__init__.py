"""Salient object: the mask of whatever stands out in a picture."""
