"""RF-DETR: networks of random weights, exported by their author's package."""

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import rfdetr  # pants: no-infer-dep
import torch  # pants: no-infer-dep
from PIL import Image
from torch import nn  # pants: no-infer-dep

from exporters.record import Expected, Object

# Four and "no object" are as many as no box has numbers: its IR tells outputs only by that.
_CLASSES: Final = ("cat", "big dog", "traffic light", "Vögel")
_THRESHOLD: Final = 0.3
_SIDE: Final = {"rfdetr-nano": 256, "rfdetr-seg-nano": 120}
_FAMILIES: Final = {"rfdetr-nano": "RFDETRNano", "rfdetr-seg-nano": "RFDETRSegNano"}


def names() -> list[str]:
    """Return the families that this module exports."""
    return list(_FAMILIES)


def export(family: str, folder: Path, pictures: list[Path]) -> Iterator[str]:
    """Export a network to ONNX and OpenVINO; yield the folders' names."""
    logging.disable(logging.INFO)
    torch.manual_seed(7)
    peer = getattr(rfdetr, _FAMILIES[family])(
        pretrain_weights=None,
        num_classes=len(_CLASSES),
        resolution=_side(family),
        device="cpu",
    )
    peer.model.class_names = list(_CLASSES)
    _widen(peer.model.model, pictures, peer)
    kind = "masks" if "seg" in family else "boxes"
    for form in ("onnx", "openvino"):
        place = folder / f"{family}-{form}"
        place.mkdir(parents=True)
        peer.export(output_dir=str(place), format=form, verbose=False)
        files = sorted(path.name for path in place.iterdir())
        found = [
            {"file": f"../pictures/{picture.name}", "objects": _asked(peer, picture, place)}
            for picture in pictures
        ]
        size = (peer.model.resolution, peer.model.resolution)
        stated = _stated(kind, size) if form == "openvino" else []
        Expected(
            family, form, kind, files, size, _THRESHOLD, None, found, named=False, stated=stated
        ).write(place)
        yield place.name


def _stated(kind: str, size: tuple[int, int]) -> list[str]:
    """Return what its IR does not say: it leaves its input open and its outputs without names."""
    options = {
        "activation": "sigmoid",
        "input_size": f"{size[0]},{size[1]}",
        "limit": 300,
        "task": "segment" if kind == "masks" else "detect",
    }
    given = [("--option", f"{key}={value}") for key, value in options.items()]
    return ["--head", "detr", *itertools.chain(*given)]


def _side(family: str) -> int:
    config = getattr(rfdetr, _FAMILIES[family])._model_config_class.model_fields
    block = config["patch_size"].default * config["num_windows"].default
    return _SIDE[family] // block * block


def _asked(peer: Any, picture: Path, place: Path) -> list[Object]:
    found = peer.predict(str(picture), threshold=_THRESHOLD)
    objects: list[Object] = []
    for number in range(len(found)):
        column = int(found.class_id[number])
        # The last column means no object.
        if column >= len(_CLASSES):
            continue
        item: Object = {
            "label": str(column),
            "class": column,
            "score": float(found.confidence[number]),
            "box": found.xyxy[number].tolist(),
        }
        if found.mask is not None:
            item["mask"] = f"{picture.stem}-{number}.png"
            mask = found.mask[number].astype(np.uint8) * 255
            Image.fromarray(mask).save(place / item["mask"])
        objects.append(item)
    return objects


@torch.no_grad()
def _widen(network: Any, pictures: list[Path], peer: Any) -> None:
    """Change the last layers so that classes, scores and boxes vary over the queries.

    The author's package resizes floats, we bytes: inputs differ by up to 0.75 grey levels, and
    that must not change what is found. Where a proposal ranks decides which learned query it gets,
    so all of these are the same one, and there are as many as proposals.
    """
    network.query_feat.weight.copy_(
        network.query_feat.weight[:1].expand_as(network.query_feat.weight)
    )
    boxes = network.bbox_embed.layers[-1]
    nn.init.normal_(boxes.weight)
    _scale(boxes, _outputs(boxes, pictures, peer), 0.1)
    boxes.bias.copy_(torch.tensor((0.3, -0.2, 1.2, 0.7)))
    classes = network.class_embed
    classes.bias.zero_()
    _scale(classes, _outputs(classes, pictures, peer), 1.0)
    # A fourteenth of the queries of each class reach a score of 0.3.
    classes.bias.copy_(-0.85 - _outputs(classes, pictures, peer).quantile(0.93, dim=0))


def _outputs(layer: nn.Linear, pictures: list[Path], peer: Any) -> torch.Tensor:
    """Return a layer's values of all queries of all pictures, [N, outputs]."""
    seen: list[torch.Tensor] = []
    queries = peer.model_config.num_queries
    # Of the last decoder layer, if it is asked for all of them.
    hook = layer.register_forward_hook(
        lambda _, __, out: seen.append(out.flatten(0, -2)[-queries:])
    )
    for picture in pictures:
        peer.predict(str(picture), threshold=0.99)
    hook.remove()
    return torch.cat(seen)


def _scale(layer: nn.Linear, outputs: torch.Tensor, spread: float) -> None:
    layer.weight.mul_(spread / outputs.std(dim=0, keepdim=True).T)
