"""Boxes as rectangles."""

from modelyard.annotation import Rectangle
from modelyard.imaging import Fit
from modelyard.inference.heads.found import Found, Labels


def rectangles(found: Found, fit: Fit, labels: Labels) -> list[Rectangle]:
    """Return detections, whose classes have labels, as rectangles within the image."""
    width, height = fit.source
    boxes = fit.to_source(found.boxes).clip(0, (width, height, width, height)).tolist()
    return [
        Rectangle(labels[kind].name, box, confidence=score)
        for box, score, kind in zip(
            boxes, found.scores.tolist(), found.classes.tolist(), strict=True
        )
    ]
