"""Segment Anything: cuts out what a person clicks at or draws a box around."""
