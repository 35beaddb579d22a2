"""The types of function that CVAT knows."""

from __future__ import annotations

DETECTOR = "detector"
INTERACTOR = "interactor"
TRACKER = "tracker"
REID = "reid"

FUNCTION_TYPES = (DETECTOR, INTERACTOR, TRACKER, REID)
