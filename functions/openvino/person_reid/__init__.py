"""Finds the people boxed in one frame again in the next, by what they look like."""
