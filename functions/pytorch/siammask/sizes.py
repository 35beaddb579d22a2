"""Sizes of the network's images, features and maps."""

from typing import Final

EXEMPLAR: Final = 127
SEARCH: Final = 255
STRIDE: Final = 8
ANCHORS: Final = 5
CHANNELS: Final = 256
TEMPLATE: Final = 7
"""Height and width of a template's features."""
SCORES: Final = 25
"""Height and width of the maps of scores, boxes and correlations of a search image."""
COARSE_MASK: Final = 63
FINE_MASK: Final = 127
