"""CVAT's types of function."""

from __future__ import annotations

DETECTOR = "detector"
INTERACTOR = "interactor"
TRACKER = "tracker"
REID = "reid"

FUNCTION_TYPES = (DETECTOR, INTERACTOR, TRACKER, REID)
