"""Detectors of the transformers package, small and of random weights, exported with torch.onnx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import onnxruntime  # pants: no-infer-dep
import torch  # pants: no-infer-dep
import transformers  # pants: no-infer-dep
from PIL import Image
from torch import Tensor, nn  # pants: no-infer-dep
from transformers import ResNetConfig, RTDetrResNetConfig  # pants: no-infer-dep

from exporters.record import Expected, Object

_CLASSES: Final = 3
_SIZE: Final = (320, 256)
_THRESHOLD: Final = 0.3
_QUERIES: Final = 60
_SMALL: Final[dict[str, Any]] = {
    "d_model": 64,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "num_queries": _QUERIES,
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
    width, height = _SIZE
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
        Expected(family, title, kind, files, _SIZE, _THRESHOLD, None, found, named=False).write(
            place
        )
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
            objects.append({"label": str(number), "class": number, "mask": name})
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
    return [{"label": str(n), "class": n, "score": score, "box": box} for score, n, box in rows]


def _resnet(*stages: str) -> ResNetConfig:
    return ResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 32, 48, 64],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=list(stages),
    )


def _detr(kind: str, **more: Any) -> Any:
    config = getattr(transformers, f"{kind}Config")(
        backbone_config=_resnet("stage4"), num_labels=_CLASSES, **_SMALL, **more
    )
    return getattr(transformers, f"{kind}ForObjectDetection")(config)


def _rt_detr(kind: str, **more: Any) -> Any:
    backbone = RTDetrResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 32, 48, 64],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = getattr(transformers, f"{kind}Config")(
        backbone_config=backbone,
        num_labels=_CLASSES,
        encoder_in_channels=[32, 48, 64],
        encoder_hidden_dim=64,
        encoder_ffn_dim=64,
        decoder_in_channels=[64, 64, 64],
        d_model=64,
        decoder_ffn_dim=64,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        num_queries=_QUERIES,
        anchor_image_size=None,
        **more,
    )
    return getattr(transformers, f"{kind}ForObjectDetection")(config)


def _yolos() -> Any:
    config = transformers.YolosConfig(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        image_size=[_SIZE[1], _SIZE[0]],
        num_detection_tokens=_QUERIES,
        num_labels=_CLASSES,
    )
    return transformers.YolosForObjectDetection(config)


def _segformer() -> Any:
    config = transformers.SegformerConfig(
        hidden_sizes=[16, 16, 32, 32],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=32,
        num_labels=_CLASSES,
    )
    return transformers.SegformerForSemanticSegmentation(config)


_NETWORKS: Final = {
    "detr": (lambda: _detr("Detr"), "Detr"),
    "conditional_detr": (lambda: _detr("ConditionalDetr"), "ConditionalDetr"),
    "rt_detr": (lambda: _rt_detr("RTDetr"), "RTDetr"),
    "rt_detr_v2": (lambda: _rt_detr("RTDetrV2"), "RTDetr"),
    "d_fine": (lambda: _rt_detr("DFine"), "RTDetr"),
    "yolos": (_yolos, "Yolos"),
    "segformer": (_segformer, "Segformer"),
}


def _built(family: str, pictures: list[Path]) -> tuple[nn.Module, Any]:
    torch.manual_seed(5)
    make, kind = _NETWORKS[family]
    network = make().eval()
    width, height = _SIZE
    processor = getattr(transformers, f"{kind}ImageProcessor")(
        size={"height": height, "width": width}
    )
    if family != "segformer":
        _widen(network, processor, pictures)
    return network, processor


@torch.no_grad()
def _widen(network: Any, processor: Any, pictures: list[Path]) -> None:
    """Change the class layers so that classes and scores vary over the queries."""
    layers = [
        module
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear)
        and name.split(".")[-1].removesuffix("_head") != "enc_score"
        and _CLASSES <= module.out_features <= _CLASSES + 1
        and "class" in name
    ]
    images = [Image.open(picture).convert("RGB") for picture in pictures]
    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
    factor = 1.5 / network(pixel_values=pixels).logits.std(dim=(0, 1)).mean()
    for layer in layers:
        layer.weight.mul_(factor)
        layer.bias = nn.Parameter(torch.zeros(layer.out_features))
    logits = network(pixel_values=pixels).logits
    if logits.shape[2] > _CLASSES:
        shift = -logits.mean(dim=(0, 1))
    else:
        # A tenth of the queries of each class reach a score of 0.4.
        shift = -0.4 - logits.flatten(0, 1).quantile(0.9, dim=0)
    for layer in layers:
        layer.bias.add_(shift)
