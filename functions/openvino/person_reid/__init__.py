"""Matches the people boxed in one frame with those in the next, by appearance."""
