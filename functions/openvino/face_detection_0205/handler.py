"""Open Model Zoo's face-detection-0205, with age, gender and emotion of each face."""

from typing import Final

import cv2
import numpy as np

from modelyard import (
    Assets,
    Attribute,
    Detector,
    Device,
    Image,
    Interpolation,
    OpenVINOSession,
    Pixels,
    Rectangle,
    resize,
)

_SIDE: Final = 416
_GENDERS: Final = ("female", "male")
_EMOTIONS: Final = ("neutral", "happy", "sad", "surprise", "anger")
_OLDEST: Final = 150  # As the label's attribute says.


class FaceDetection(Detector):
    """Three networks: one detects faces (FCOS on MobileNetV2), two classify each.

    All take BGR, 0..255, scaled bilinearly without keeping the aspect ratio: the image as [1, 3,
    416, 416]; the crop of a face as [1, 3, 62, 62] for age and gender, and as [1, 3, 64, 64] for
    the emotion. The first gives `boxes` [N, 5] of left, top, right, bottom in pixels of its input,
    and a score; the second an age divided by 100 and the probabilities of female and male; the
    third those of neutral, happy, sad, surprise, anger. All from the README.md files of
    face-detection-0205, age-gender-recognition-retail-0013 and emotions-recognition-retail-0003.
    """

    def load(self, assets: Assets, device: Device) -> None:
        """Load the networks."""
        (self._label,) = assets.labels.names
        self._faces, self._age_gender, self._emotions = (
            OpenVINOSession(assets.weights(f"{name}.xml"), device=device)
            for name in (
                "face-detection-0205",
                "age-gender-recognition-retail-0013",
                "emotions-recognition-retail-0003",
            )
        )

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return faces with a score of at least `threshold`, best first."""
        pixels = resize(image.size, (_SIDE, _SIDE)).apply(image.pixels)
        rows = _run(self._faces, pixels)["boxes"]
        rows = rows[rows[:, 4] >= threshold]
        rows = rows[np.argsort(-rows[:, 4], kind="stable")]
        scaled = rows[:, :4].astype(np.float64) * (*image.size, *image.size) / _SIDE
        boxes = np.clip(scaled, 0, (*image.size, *image.size))
        shapes = []
        for box, score in zip(boxes, rows[:, 4], strict=True):
            face = cut(image, box)
            if face is not None:
                attributes = self._attributes(face)
                shapes.append(Rectangle(self._label, box, confidence=score, attributes=attributes))
        return shapes

    def _attributes(self, face: Pixels) -> tuple[Attribute, ...]:
        age, gender = self._age_and_gender(face)
        (probabilities,) = _run(self._emotions, _scaled(face, 64)).values()
        return (
            Attribute("age", str(age)),
            Attribute("gender", gender),
            Attribute("emotion", _EMOTIONS[int(probabilities.argmax())]),
        )

    def _age_and_gender(self, face: Pixels) -> tuple[int, str]:
        # Its name differs between releases of the model; the age output is the one with a single
        # value.
        first, second = _run(self._age_gender, _scaled(face, 62)).values()
        age, probabilities = (first, second) if first.size == 1 else (second, first)
        years = round(float(age.item()) * 100)
        return min(max(years, 0), _OLDEST), _GENDERS[int(probabilities.argmax())]


def cut(image: Image, box: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Pixels | None:
    """Return all pixels that a box touches in the image; None if it has no area."""
    left, top = np.floor(box[:2]).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    if box[0] >= box[2] or box[1] >= box[3]:
        return None
    return image.pixels[top:bottom, left:right]


def _scaled(pixels: Pixels, side: int) -> Pixels:
    return np.asarray(
        cv2.resize(pixels, (side, side), interpolation=Interpolation.LINEAR), np.uint8
    )


def _run(
    session: OpenVINOSession, pixels: Pixels
) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Run a network on RGB pixels [height, width, 3]; its input is one BGR image."""
    (name,) = session.inputs
    return session.infer({name: pixels[..., ::-1].transpose(2, 0, 1)[None]})
