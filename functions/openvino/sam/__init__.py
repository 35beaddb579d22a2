"""Segment Anything: segments an object from clicks or a box."""
