"""Detectors of the transformers package, small and of random weights, exported with torch.onnx."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import onnxruntime  # pants: no-infer-dep
import torch  # pants: no-infer-dep
import transformers  # pants: no-infer-dep
from PIL import Image
from torch import Tensor, nn  # pants: no-infer-dep

from exporters.record import Expected, Object
from exporters.transformer_weights import NAMES, detr, rt_detr, segformer, widen, yolos

_THRESHOLD: Final = 0.3
_WIDE: Final = (320, 256)
_SMALL: Final = (96, 64)
# By family: the network, the beginning of its image processor's name, width and height.
_NETWORKS: Final[dict[str, tuple[Callable[[tuple[int, int]], nn.Module], str, tuple[int, int]]]] = {
    "detr": (lambda _: detr("Detr", "stage4"), "Detr", _WIDE),
    "conditional_detr": (
        lambda _: detr("ConditionalDetr", "stage4"),
        "ConditionalDetr",
        _WIDE,
    ),
    "deformable_detr": (
        lambda _: detr("DeformableDetr", "stage2", "stage3", "stage4"),
        "DeformableDetr",
        _WIDE,
    ),
    "rt_detr": (lambda size: rt_detr("RTDetr", size), "RTDetr", _SMALL),
    "rt_detr_v2": (lambda size: rt_detr("RTDetrV2", size), "RTDetr", _SMALL),
    "d_fine": (lambda size: rt_detr("DFine", size), "RTDetr", _SMALL),
    "yolos": (yolos, "Yolos", _WIDE),
    "segformer": (lambda _: segformer(), "Segformer", _WIDE),
}
# The newer exporter, which stores weights in a second file, is slow and cannot export all.
_BY_DYNAMO: Final = ("detr", "segformer")


class _Wrapped(nn.Module):
    """The network with the outputs that authors export."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, ...]:
        """Return logits and, of a detector, boxes."""
        answer = self.network(pixel_values=pixel_values)
        return (answer.logits, answer.pred_boxes) if "pred_boxes" in answer else (answer.logits,)


def names() -> list[str]:
    """Return the families that this module exports."""
    return list(_NETWORKS)


def export(family: str, folder: Path, pictures: list[Path]) -> Iterator[str]:
    """Export a network by both of torch's ONNX exporters; yield the folders' names."""
    network, processor = _built(family, pictures)
    size = _NETWORKS[family][2]
    width, height = size
    example = (torch.zeros(1, 3, height, width),)
    outputs = ["logits"] if family == "segformer" else ["logits", "pred_boxes"]
    for form in ("torchscript", "dynamo") if family in _BY_DYNAMO else ("torchscript",):
        place = folder / f"{family}-{form}"
        place.mkdir(parents=True)
        file = place / "model.onnx"
        torch.onnx.export(
            _Wrapped(network).eval(),
            example,
            file,
            input_names=["pixel_values"],
            output_names=outputs,
            dynamo=form == "dynamo",
            opset_version=18,
            verbose=False,
        )
        network.config.architectures = [type(network).__name__]
        network.config.id2label = dict(enumerate(NAMES))
        network.config.save_pretrained(place)
        processor.save_pretrained(place)
        found = [
            {
                "file": f"../pictures/{picture.name}",
                "objects": _asked(file, processor, picture, place),
            }
            for picture in pictures
        ]
        kind = "classes" if family == "segformer" else "boxes"
        files = sorted(path.name for path in place.glob("model.*"))
        title = f"transformers, onnx by {form}"
        Expected(family, title, kind, files, size, _THRESHOLD, None, found).write(place)
        yield place.name


def _asked(file: Path, processor: Any, picture: Path, place: Path) -> list[Object]:
    with Image.open(picture) as image:
        pixels = processor(images=image.convert("RGB"), return_tensors="np")["pixel_values"]
        sides = (image.height, image.width)
    answers = onnxruntime.InferenceSession(file).run(None, {"pixel_values": pixels})
    logits = torch.from_numpy(answers[0])
    if len(answers) == 1:
        outputs = transformers.modeling_outputs.SemanticSegmenterOutput(logits=logits)
        (classes,) = processor.post_process_semantic_segmentation(outputs, target_sizes=[sides])
        objects: list[Object] = []
        for number in classes.unique().tolist():
            name = f"{picture.stem}-{number}.png"
            Image.fromarray(((classes == number).numpy() * 255).astype("uint8")).save(place / name)
            objects.append({"label": NAMES[number], "class": number, "mask": name})
        return objects
    outputs = transformers.models.detr.modeling_detr.DetrObjectDetectionOutput(
        logits=logits, pred_boxes=torch.from_numpy(answers[1])
    )
    (found,) = processor.post_process_object_detection(
        outputs, threshold=_THRESHOLD, target_sizes=[sides]
    )
    rows = zip(
        found["scores"].tolist(), found["labels"].tolist(), found["boxes"].tolist(), strict=True
    )
    return [{"label": NAMES[n], "class": n, "score": score, "box": box} for score, n, box in rows]


def _built(family: str, pictures: list[Path]) -> tuple[nn.Module, Any]:
    torch.manual_seed(5)
    make, kind, size = _NETWORKS[family]
    network = make(size).eval()
    width, height = size
    # The processor that resizes with Pillow: torchvision's rounds differently, which changes an
    # eighth of one picture's pixels by one grey level.
    processor = getattr(transformers, f"{kind}ImageProcessorPil")(
        size={"height": height, "width": width}
    )
    if family != "segformer":
        images = [Image.open(picture).convert("RGB") for picture in pictures]
        widen(network, processor(images=images, return_tensors="pt")["pixel_values"])
    return network, processor
