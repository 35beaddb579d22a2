"""A few pictures on which readers run a network: to see ranges, not to find objects."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from modelyard.imaging import Image
from modelyard.imaging.image import Pixels
from modelyard.inference.heads.feeding import Feed
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.openvino import OpenVINOSession
from modelyard.inference.openvino_network import OpenVINOError
from modelyard.inference.readers.facts import Arrays, ReadingError

_SIDE: Final = 320
_SEED: Final = 0


def probe(session: OpenVINOSession, options: HeadOptions) -> Sequence[Arrays]:
    """Run a network on three drawn pictures, RGB 0..1, and return its outputs.

    Args:
        session: The network, with known shapes.
        options: The channels of its input.

    Raises:
        ReadingError: it cannot be run.
    """
    feed = Feed.of(session.inputs, session.dtypes, options)
    try:
        return [
            session.infer(feed.fill(image, feed.fit(image.size)))
            for image in map(Image.from_pixels, pictures())
        ]
    except OpenVINOError as error:
        raise ReadingError(f"it cannot be run: {error}") from error


def pictures() -> Sequence[Pixels]:
    """Return uint8 [320, 320, 3] RGB: a scene of shapes, smooth noise, and plain grey."""
    random = np.random.default_rng(_SEED)
    scene = np.full((_SIDE, _SIDE, 3), (135, 180, 220), np.uint8)
    scene[_SIDE // 2 :] = (90, 120, 60)
    for _ in range(8):
        (x, y), radius = random.integers(0, _SIDE, 2).tolist(), int(random.integers(10, 60))
        colour = random.integers(0, 256, 3).tolist()
        if random.random() < 0.5:
            cv2.circle(scene, (x, y), radius, colour, cv2.FILLED)
        else:
            cv2.rectangle(scene, (x, y), (x + radius, y + 2 * radius), colour, cv2.FILLED)
    coarse = random.integers(0, 256, (12, 12, 3)).astype(np.uint8)
    noise = cv2.resize(coarse, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    return scene, np.asarray(noise), np.full_like(scene, 114)
