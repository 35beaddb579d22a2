"""Rules between a function's settings, beyond those of single fields.

Pure Python: no Pants imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from modelyard_contract.annotations import AnnotationError, check_for_type
from modelyard_contract.frameworks import OPENVINO
from modelyard_contract.function_types import DETECTOR
from modelyard_contract.heads import HEADS, HeadOptionError, check_options
from modelyard_contract.limits import MIB
from modelyard_contract.ports import FIRST_EPHEMERAL
from modelyard_contract.quantities import memory_bytes

# An interpreter with numpy and OpenCV takes this much before it loads a model.
LEAST_WORKER_MIB = 128


@dataclass(frozen=True)
class Problem:
    """A field whose value does not fit the others."""

    field: str
    value: Any
    accepted: str


@dataclass(frozen=True)
class ModelSettings:
    """The settings that all variants of a function share.

    `labels` is an address or the labels themselves; `handler` is None unless the author names one.
    """

    type: str
    labels: Any
    annotations: Mapping[str, str]
    framework: str
    head: str | None
    head_options: Mapping[str, Any]
    handler: str | None


@dataclass(frozen=True)
class VariantSettings:
    """The settings of a variant. Times are in seconds, `memory` is a Kubernetes quantity."""

    variant: str
    framework: str
    port: int | None
    workers: int
    gpus: int
    gpu_memory: str | None
    memory: str | None
    event_timeout: float
    availability_timeout: float


def model_problems(model: ModelSettings) -> Iterator[Problem]:
    """Yield what keeps CVAT from using any variant of a function."""
    if model.type == DETECTOR and not model.labels:
        yield Problem(
            "labels",
            model.labels,
            "a detector needs labels: CVAT drops every shape whose label is not among them",
        )
    if model.type != DETECTOR and model.labels:
        yield Problem(
            "labels", model.labels, f"CVAT ignores labels for type={model.type!r}: leave them out"
        )
    yield from _head_problems(model)
    try:
        check_for_type(model.type, model.annotations)
    except AnnotationError as error:
        yield Problem(f"annotations[{error.key}]", error.value, error.accepted)


def _head_problems(model: ModelSettings) -> Iterator[Problem]:
    if model.head is None:
        if model.head_options:
            yield Problem("head_options", model.head_options, "only accepted with a `head`")
        return
    if model.type != DETECTOR:
        yield Problem("head", model.head, f'a head returns detections: set type="{DETECTOR}"')
    if model.framework != OPENVINO:
        yield Problem("head", model.head, f'a head runs on OpenVINO: set framework="{OPENVINO}"')
    try:
        check_options(model.head_options, HEADS[model.head])
    except HeadOptionError as error:
        accepted = f'{error.accepted} with head="{model.head}"'
        yield Problem("head_options", error.value, accepted)
    if model.handler:
        yield Problem("handler", model.handler, "a head replaces the handler: remove one of them")


def variant_problems(variant: VariantSettings, *, cvat_timeout: float) -> Iterator[Problem]:
    """Yield what keeps a variant from starting, or CVAT from getting its answers."""
    for field in ("event_timeout", "availability_timeout"):
        seconds = getattr(variant, field)
        if seconds > cvat_timeout:
            yield Problem(
                field,
                seconds,
                f"CVAT gives up after {cvat_timeout:g} s ([modelyard].cvat_timeout); at most that "
                "is accepted",
            )
    if variant.gpus and variant.variant == "cpu":
        yield Problem(
            "gpus",
            variant.gpus,
            'the variant cpu has no GPU; set variants={"cpu": {}, "gpu": {"gpus": '
            f"{variant.gpus}}}}}",
        )
    if variant.gpu_memory and not variant.gpus:
        yield Problem("gpu_memory", variant.gpu_memory, "only accepted with `gpus`")
    yield from _memory_problems(variant)


def _memory_problems(variant: VariantSettings) -> Iterator[Problem]:
    if variant.memory is None:
        return
    least = variant.workers * LEAST_WORKER_MIB
    if memory_bytes(variant.memory) < least * MIB:
        yield Problem(
            "memory",
            variant.memory,
            f"at least {least}Mi is needed, {LEAST_WORKER_MIB}Mi for each of workers="
            f"{variant.workers}",
        )


def variant_warnings(variant: VariantSettings) -> Iterator[Problem]:
    """Yield settings that work, but probably not as intended."""
    if variant.gpus and variant.workers > 1:
        yield Problem(
            "workers",
            variant.workers,
            "each worker holds its own copy of the model on the GPU; 1 suits most models",
        )
    if variant.variant == "gpu" and not variant.gpus and variant.framework != OPENVINO:
        yield Problem("gpus", variant.gpus, "the variant gpu runs on the CPU unless it is 1")
    if variant.port is not None and variant.port >= FIRST_EPHEMERAL:
        yield Problem(
            "port",
            variant.port,
            f"Linux uses ports from {FIRST_EPHEMERAL} on for outgoing connections, so it "
            "may be taken",
        )
