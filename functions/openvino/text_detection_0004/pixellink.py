"""Grouping of cells from PixelLink's outputs.

Deng, Liu, Li and Cai, "PixelLink: Detecting Scene Text via Instance Segmentation" (AAAI 2018),
section 3. The network predicts for each cell of a grid whether it is text, and for each of its
eight neighbours whether both belong to the same word. Text cells linked from either side are one
word.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float32]

# Rows and columns from a cell to its neighbours, in the order of the channels.
_NEIGHBOURS: Final = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


class Words(NamedTuple):
    """The words in a picture.

    Attributes:
        cells: int32 [rows, columns]: the word of each cell, counted from 1; 0 is none.
        scores: float64 [N]: the mean text probability of each word's cells.
    """

    cells: NDArray[np.int32]
    scores: NDArray[np.float64]


def group(text: Floats, links: Floats, text_threshold: float, link_threshold: float) -> Words:
    """Group cells.

    Args:
        text: Logits [rows, columns, 2] of background and text.
        links: Logits [rows, columns, 16]: of no link and link for each neighbour, those above from
            left to right, then left, right, and those below.
        text_threshold: Minimum probability of a text cell.
        link_threshold: Minimum probability of a link.
    """
    probability = _softmax(text)
    linked = _softmax(links.reshape(*links.shape[:2], len(_NEIGHBOURS), 2)) >= link_threshold
    is_text = probability >= text_threshold
    rows, columns = is_text.shape
    number = np.full((rows + 2, columns + 2), -1)
    number[1:-1, 1:-1][is_text] = np.arange(np.count_nonzero(is_text))
    inner = number[1:-1, 1:-1]
    starts, ends = [], []
    for index, (down, right) in enumerate(_NEIGHBOURS):
        other = number[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
        together = linked[..., index] & (inner >= 0) & (other >= 0)
        starts.append(inner[together])
        ends.append(other[together])
    start, end = np.concatenate(starts), np.concatenate(ends)
    count = np.count_nonzero(is_text)
    graph = coo_array((np.ones(len(start), np.int8), (start, end)), (count, count))
    words, word = connected_components(graph, directed=False) if count else (0, np.empty(0, int))
    cells = np.zeros((rows, columns), np.int32)
    cells[is_text] = word + 1
    sizes = np.bincount(word, minlength=words)
    return Words(cells, np.bincount(word, probability[is_text], words) / sizes)


def _softmax(logits: Floats) -> Floats:
    """Return the softmax probability of the second of two classes on the last axis."""
    return np.asarray(0.5 * np.tanh(0.5 * (logits[..., 1] - logits[..., 0])) + 0.5, np.float32)
