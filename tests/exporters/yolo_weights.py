"""Networks of Ultralytics with random weights, whose outputs vary like those of trained ones."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch  # pants: no-infer-dep
from PIL import Image, ImageOps
from torch import nn  # pants: no-infer-dep
from ultralytics.nn import tasks  # pants: no-infer-dep

_MODELS: Final = {
    "detect": tasks.DetectionModel,
    "segment": tasks.SegmentationModel,
    "pose": tasks.PoseModel,
    "obb": tasks.OBBModel,
    "classify": tasks.ClassificationModel,
    "semantic": getattr(tasks, "SemanticSegmentationModel", None),
}
# Blanks and accents, as people's names have them.
_NAMES: Final = ("cat", "big dog", "Vögel", "traffic light")


@dataclass(frozen=True)
class Network:
    """A network of Ultralytics' own configuration with `classes` classes, and its exports."""

    config: str
    task: str
    classes: int
    forms: tuple[dict[str, Any], ...]
    size: tuple[int, int] = (320, 256)
    changes: dict[str, Any] = field(default_factory=dict)


def built(network: Network, pictures: list[Path]) -> nn.Module:
    """Return the network with random weights whose outputs vary over pictures like trained ones."""
    torch.manual_seed(3)
    config = tasks.yaml_model_load(network.config) | network.changes | {"nc": network.classes}
    kind = tasks.RTDETRDetectionModel if "rtdetr" in network.config else _MODELS[network.task]
    model = kind(config, verbose=False)
    names = [f"{_NAMES[n % len(_NAMES)]}{n // len(_NAMES) or ''}" for n in range(network.classes)]
    model.names = dict(enumerate(names))
    model.task = network.task
    model.args = {"imgsz": 640, "batch": 1, "data": None, "task": network.task}
    batch = torch.stack([_pixels(picture, network.size) for picture in pictures])
    with torch.no_grad():
        _normalise(model, batch)
        _spread(model, batch)
    return model


def _pixels(picture: Path, size: tuple[int, int]) -> torch.Tensor:
    with Image.open(picture) as image:
        canvas = ImageOps.pad(image.convert("RGB"), size, color=(114, 114, 114))
    return torch.from_numpy(np.asarray(canvas, np.float32) / 255).permute(2, 0, 1)


def _normalise(model: nn.Module, batch: torch.Tensor) -> None:
    """Set the statistics of the normalisations to those of the pictures."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    model.train()
    model.model[-1].eval()
    for _ in range(2):
        model.predict(batch) if hasattr(model, "predict") else model(batch)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
    model.eval()


# The wanted spread of an output layer's values, and its bias, by what it says.
_SPREADS: Final = {
    "cv2": (2.0, 0.0),
    "cv4": (1.5, 0.0),
    "cv4_kpts": (2.0, 0.0),
    "cv3": (2.0, 0.0),
}
_WANTED: Final = 25
# Logits between a score of 0.3 and one of 0.95.
_RANGE: Final = 3.8


def _spread(model: nn.Module, batch: torch.Tensor) -> None:
    head = model.model[-1]
    if hasattr(head, "linear"):
        _scale([head.linear], model, batch, 2.0, 0.0)
        return
    if hasattr(head, "dec_score_head"):
        layers = [head.dec_score_head[-1]]
        _scale(layers, model, batch, 1.5, 0.0)
        _confident(layers, model, batch)
        return
    for prefix in ("", "one2one_"):
        for name, (spread, bias) in _SPREADS.items():
            lists = getattr(head, prefix + name, None)
            if lists is None:
                continue
            # Distances themselves, in cells, rather than probabilities of distances.
            direct = name == "cv2" and head.reg_max == 1
            layers = [_last(entry) for entry in lists]
            _scale(layers, model, batch, *((0.7, 3.0) if direct else (spread, bias)))
            if name == "cv3":
                _confident(layers, model, batch)


def _last(module: nn.Module) -> nn.Module:
    return [part for part in module.modules() if isinstance(part, nn.Conv2d)][-1]


def _outputs(layers: list[nn.Module], model: nn.Module, batch: torch.Tensor) -> list[torch.Tensor]:
    seen: list[torch.Tensor] = []
    hooks = [layer.register_forward_hook(lambda _, __, out: seen.append(out)) for layer in layers]
    model(batch)
    for hook in hooks:
        hook.remove()
    return seen


def _scale(
    layers: list[nn.Module], model: nn.Module, batch: torch.Tensor, spread: float, bias: float
) -> None:
    for layer in layers:
        layer.bias.zero_()
    for layer, values in zip(layers, _outputs(layers, model, batch), strict=True):
        layer.weight.mul_(spread / values.std())
        layer.bias.fill_(bias)


def _best(layers: list[nn.Module], model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Return each picture's places by their best class, highest logit first: [pictures, N]."""
    seen = _outputs(layers, model, batch)
    flat = [values.flatten(2) if values.dim() == 4 else values.transpose(1, 2) for values in seen]
    return torch.cat(flat, 2).amax(1).sort(dim=1, descending=True).values


def _confident(layers: list[nn.Module], model: nn.Module, batch: torch.Tensor) -> None:
    """Change class logits so that about `_WANTED` places of a picture have scores of 0.3 to 0.95.

    Scores that round to 1 would leave the order, and so the suppression, to chance.
    """
    ranked = _best(layers, model, batch)
    factor = _RANGE / (ranked[:, 0] - ranked[:, _WANTED]).max()
    for layer in layers:
        layer.weight.mul_(factor)
        layer.bias.mul_(factor)
    shift = np.log(0.3 / 0.7) - _best(layers, model, batch)[:, _WANTED].median()
    for layer in layers:
        layer.bias.add_(shift)
