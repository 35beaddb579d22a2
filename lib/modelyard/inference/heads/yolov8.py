"""YOLOv8 and networks with the same output: YOLO11, YOLO12, YOLOv9 as Ultralytics exports them.

One output float32 [1, 4 + C + E, N]: for each of N anchor points centre and size of a box in pixels
of the input, independent class probabilities 0..1, and E values that depend on the task:

* "detect": none;
* "segment": M coefficients of a second output, M prototypes [1, M, h, w] or [1, h, w, M] of masks;
* "pose": for each joint x, y, and perhaps the probability that it is visible;
* "obb": the rotation of the box around its centre in radians, clockwise in the image.

Ultralytics' `Detect` layer and those derived from it (ultralytics/nn/modules/head.py) have already
decoded the boxes and joints and applied the sigmoid. Its TensorFlow exports have boxes and joints
in fractions of the input (`box_unit="fractions"`). Input as in its `LetterBox`: RGB 0..1, aspect
ratio kept, centred on grey 114.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from modelyard.annotation import Shape
from modelyard.imaging import Fit
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import Answer, Found, Labels, above, one_a_row, probabilities
from modelyard.inference.heads.grids import are_yolo_rows
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.results.prototypes import Prototypes, find_prototypes
from modelyard.inference.heads.results.rows import Rows, extra_columns, shapes_of
from modelyard.inference.heads.shapes import Outputs, listing

DEFAULTS: Final = HeadOptions(
    scale=(255.0, 255.0, 255.0),
    resize="letterbox",
    boxes="cxcywh",
    box_unit="pixels",
    nms_threshold=0.7,  # `iou` of Ultralytics' predict.
    limit=300,
)


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return C, or None if the outputs do not match.

    Raises:
        HeadError: they do not match the task.
    """
    name = _name(outputs)
    if name is None:
        return None
    _, values, rows = dict(outputs)[name]
    if not are_yolo_rows(rows, values, size):
        return None
    prototypes = find_prototypes(outputs, size, options)
    if prototypes is None and len(outputs) > 1:
        raise HeadError(
            f"outputs {listing(outputs)}: head yolov8 reads one output, or with "
            'head_options={"task": "segment"} two, of rows and of prototypes'
        )
    extra = extra_columns(options, prototypes)
    if values == -1 or extra == -1:
        return -1
    if values - 4 - extra < 1:
        raise HeadError(
            f"output {name} {(1, values, rows)} has {values} values a box, but task "
            f"{options.task!r} needs 4, at least one class, and {extra} more"
        )
    return values - 4 - extra


def read(answer: Answer, fit: Fit, labels: Labels, threshold: float) -> Sequence[Shape]:
    """Return the shapes of the task with a score of at least `threshold`, best first."""
    options = answer.options
    name = _name(answer.outputs) or ""
    output = answer.arrays[name][0]
    shown = [(key, array.shape) for key, array in answer.arrays.items()]
    layout = find_prototypes(shown, answer.size, options)
    end = len(output) - extra_columns(options, layout)
    scores = probabilities(output[4:end].T, options.activation)
    # In the order of the memory, which is faster.
    kind, row = above(scores.T, threshold)
    boxes = answer.pixels(np.ascontiguousarray(output[:4, row].T, np.float32))
    found = one_a_row(Found(boxes, scores[row, kind].astype(np.float32), kind, row))
    prototypes = Prototypes.of(layout, answer.arrays)
    return shapes_of(Rows(found, output[end:].T, prototypes), answer, fit, labels)


def _name(outputs: Outputs) -> str | None:
    """Return the name of the output [1, 4 + C + E, N]; None if there is not exactly one."""
    names = [
        name
        for name, shape in outputs
        if len(shape) == 3 and shape[0] in {-1, 1} and (shape[1] == -1 or shape[1] >= 5)
    ]
    return names[0] if len(names) == 1 else None
