"""Captions of previews: label and score in a box of the label's colour."""

from collections.abc import Iterable, Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw

from modelyard.annotation import Box, Shape, Tag, bounding_box
from modelyard.imaging.image import Pixels
from modelyard.imaging.style import Style, colour, text_colour

_LONGEST = 60
_ROWS = 20


def draw_captions(pixels: Pixels, shapes: Iterable[Shape], style: Style) -> Pixels:
    """Return the image uint8 [height, width, 3] with the shapes' captions on it."""
    canvas = PIL.Image.fromarray(pixels)
    pen = PIL.ImageDraw.Draw(canvas)
    font = style.typeface()
    padding = max(2, style.font // 5)
    ascent = pen.textbbox((0, 0), "Mg", font=font, anchor="lt")[3]
    taken: list[Box] = []
    for shape in shapes:
        text = caption(shape)
        target = None if isinstance(shape, Tag) else bounding_box(shape)
        size = pen.textlength(text, font=font) + 2 * padding, ascent + 2 * padding
        left, top, right, bottom = place(target, size, canvas.size, taken)
        taken.append((left, top, right, bottom))
        background = colour(shape.label)
        pen.rectangle((left, top, right, bottom), fill=background)
        middle = left + padding, (top + bottom) / 2
        pen.text(middle, text, fill=text_colour(background), font=font, anchor="lm")
    return np.asarray(canvas)


def caption(shape: Shape) -> str:
    """Return the label, score and attribute values of a shape in one line."""
    score = [] if shape.confidence is None else [f"{shape.confidence:.2f}"]
    words = [" ".join([shape.label, *score]), *(item.value for item in shape.attributes)]
    line = " ".join(", ".join(words).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def place(
    target: Box | None,
    caption_size: tuple[float, float],
    image_size: tuple[int, int],
    taken: Sequence[Box],
) -> Box:
    """Place a caption: in the first free position at its object, else in the first of all.

    Args:
        target: The box of the object; None for the whole image.
        caption_size: Width and height of the caption.
        image_size: Width and height of the image.
        taken: Boxes of other captions.
    """
    width, height = caption_size
    left, top, _, bottom = target or (0.0, 0.0, 0.0, 0.0)
    above, inside, below = top - height, top, bottom
    further = (top + step * height for step in range(1, _ROWS))
    # No room above a box at the upper border: try inside it first.
    rows = [*([above] if above >= 0 else []), inside, below, *further]
    places = [_within((left, row, left + width, row + height), image_size) for row in rows]
    return next((box for box in places if not _collides(box, taken)), places[0])


def _within(box: Box, size: tuple[int, int]) -> Box:
    """Shift a box into the image; one that is too large starts at the image's left or top."""
    left = max(0.0, min(box[0], size[0] - (box[2] - box[0])))
    top = max(0.0, min(box[1], size[1] - (box[3] - box[1])))
    return left, top, left + box[2] - box[0], top + box[3] - box[1]


def _collides(box: Box, taken: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    return any(
        left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
        for other in taken
    )
