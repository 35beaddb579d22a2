"""Networks that have chosen their detections themselves: no suppression is left to do.

YOLOv10, YOLO26 and Ultralytics' exports with `nms=True` have one output [1, N, 6 + E]: left, top,
right, bottom, score, class, and E values that depend on the task, as in `yolov8`: coefficients of
the masks, whose prototypes are a second output, or joints. For rotated boxes it is [1, N, 7]:
centre and size, score, class, and the rotation in radians. Rows of score 0 are padding.

YOLOv7's export with `--end2end` has one output [N, 7]: image, left, top, right, bottom, class,
score; N may be 0. Boxes, scores and classes in separate outputs are described in `final`; their
masks are probabilities over the whole input if they have its size, or else over each box.

Input as Ultralytics': RGB 0..1, letterbox, boxes in pixels; others need the options of the project
that they come from.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Shape
from modelyard.imaging import Fit
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.final import (
    FinalOutputs,
    decode_final,
    final_outputs,
    is_final,
    of_columns,
)
from modelyard.inference.heads.found import Answer, Labels, best, labelled
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.results.masks import box_masks, map_masks
from modelyard.inference.heads.results.prototypes import Prototypes, find_prototypes
from modelyard.inference.heads.results.rows import Rows, extra_columns, shapes_of
from modelyard.inference.heads.shapes import Outputs, listing

DEFAULTS: Final = HeadOptions(
    scale=(255.0, 255.0, 255.0),
    resize="letterbox",
    box_unit="pixels",
    nms="none",
    limit=300,
)

_COLUMNS: Final = 6
_EVEN: Final = 0.5


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return -1, since the outputs do not tell the number of classes, or None if they do not match.

    Raises:
        HeadError: they do not match the task.
    """
    if _joined(outputs) is None and not _is_batched(outputs):
        return _separate(outputs, options)
    if _is_batched(outputs):
        _require(options, "detect")
        return -1
    name = _joined(outputs) or ""
    extra = extra_columns(options, find_prototypes(outputs, size, options))
    columns = dict(outputs)[name][2]
    if -1 not in {columns, extra} and columns != _COLUMNS + extra:
        raise HeadError(
            f"output {name} has {columns} values a box, but task {options.task!r} needs "
            f"{_COLUMNS + extra}: box, score, class and {extra} more"
        )
    return -1


def read(answer: Answer, fit: Fit, labels: Labels, threshold: float) -> Sequence[Shape]:
    """Return the shapes of the task with a score of at least `threshold`, best first.

    Raises:
        HeadError: the values are not what the outputs' shapes promise.
    """
    if _is_batched(answer.outputs):
        return _read_batched(answer, fit, labels, threshold)
    name = _joined(answer.outputs)
    if name is None:
        return _read_separate(answer, fit, labels, threshold)
    output = answer.arrays[name][0]
    layout = find_prototypes(
        [(key, array.shape) for key, array in answer.arrays.items()], answer.size, answer.options
    )
    extra = extra_columns(answer.options, layout)
    if output.shape[1] != _COLUMNS + extra:
        raise HeadError(
            f"output {name} has {output.shape[1]} values a box, not {_COLUMNS + extra}, as task "
            f"{answer.options.task!r} needs"
        )
    if answer.options.task == "obb":
        answer = answer.changed(boxes="cxcywh")
    found = of_columns(answer, output[:, :4], output[:, 4], output[:, 5], threshold)
    rows = Rows(found, output[:, _COLUMNS:], Prototypes.of(layout, answer.arrays))
    return shapes_of(rows, answer, fit, labels)


def _read_batched(answer: Answer, fit: Fit, labels: Labels, threshold: float) -> Sequence[Shape]:
    (output,) = answer.arrays.values()
    found = of_columns(answer, output[:, 1:5], output[:, 6], output[:, 5], threshold)
    # Some runtimes fill up with rows of image -1.
    found = found.take(np.flatnonzero(output[found.rows, 0] == 0))
    return shapes_of(Rows(found, output[:, 7:], None), answer, fit, labels)


def _read_separate(answer: Answer, fit: Fit, labels: Labels, threshold: float) -> Sequence[Shape]:
    names = final_outputs(answer.outputs)
    found = decode_final(answer, threshold)
    more = _joints(names, answer)
    if more is None:
        more = np.empty((int(found.rows.max(initial=-1)) + 1, 0), np.float32)
    if names is None or names.masks is None or answer.options.task != "segment":
        return shapes_of(Rows(found, more, None), answer, fit, labels)
    masks = answer.arrays[names.masks]
    # [1, N, h, w] or [N, 1, h, w].
    masks = masks.reshape(-1, *masks.shape[2:])
    found = best(labelled(found, labels), answer.options)
    if masks.shape[1:] == answer.size[::-1]:
        return map_masks(found, masks, fit, labels, above=_EVEN)
    return box_masks(found, masks, fit, labels)


def _joints(names: FinalOutputs | None, answer: Answer) -> NDArray[Any] | None:
    """Return the joints [N, K * 3]; None if the task is another.

    Raises:
        HeadError: they are not as many as the options say.
    """
    if answer.options.task != "pose" or names is None or names.joints is None:
        return None
    joints = answer.arrays[names.joints]
    joints = joints.reshape(-1, *joints.shape[-2:])
    if joints.shape[1:] != answer.options.kpt_shape:
        raise HeadError(
            f"output {names.joints} has {joints.shape[1]} joints of {joints.shape[2]} values; "
            f'set head_options={{"kpt_shape": {list(joints.shape[1:])}}}'
        )
    return joints.reshape(len(joints), -1)


def _separate(outputs: Outputs, options: HeadOptions) -> int | None:
    """Return -1 if the outputs are separate ones, or None.

    Raises:
        HeadError: those of the task are missing.
    """
    if not is_final(outputs):
        return None
    names = final_outputs(outputs)
    if options.task == "obb":
        _require(options, "detect", "segment", "pose")
    missing = {"segment": not (names and names.masks), "pose": not (names and names.joints)}
    if missing.get(options.task):
        what = "masks" if options.task == "segment" else "keypoints"
        raise HeadError(
            f"task {options.task!r} needs an output of {what}, but there are {listing(outputs)}"
        )
    extra_columns(options, None)
    return -1


def _require(options: HeadOptions, *tasks: str) -> None:
    if options.task not in tasks:
        raise HeadError(
            f"these outputs are read with task {' or '.join(map(repr, tasks))}, not "
            f"{options.task!r}"
        )


def _joined(outputs: Outputs) -> str | None:
    """Return the name of the output [1, N, 6 + E]; None if there is not exactly one."""
    names = [
        name
        for name, shape in outputs
        if len(shape) == 3 and shape[0] in {-1, 1} and (shape[2] == -1 or shape[2] >= _COLUMNS)
    ]
    return names[0] if len(names) == 1 and final_outputs(outputs) is None else None


def _is_batched(outputs: Outputs) -> bool:
    """Return whether there is one output [N, 7]."""
    return len(outputs) == 1 and len(outputs[0][1]) == 2 and outputs[0][1][1] == 7
