"""Networks of the transformers package with random weights, which answer like trained ones."""

from collections.abc import Callable
from typing import Any, Final

import torch  # pants: no-infer-dep
import transformers  # pants: no-infer-dep
from torch import Tensor, nn  # pants: no-infer-dep
from transformers import ResNetConfig, RTDetrResNetConfig  # pants: no-infer-dep

# Blanks and accents, as people's names have them.
NAMES: Final = ("cat", "big dog", "Vögel")
CLASSES: Final = len(NAMES)
QUERIES: Final = 60
_SMALL: Final[dict[str, Any]] = {
    "d_model": 64,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "num_queries": QUERIES,
}
_STAGES: Final[dict[str, Any]] = {
    "embedding_size": 16,
    "hidden_sizes": [16, 32, 48, 64],
    "depths": [1, 1, 1, 1],
    "layer_type": "basic",
}
# Their own initialisation is a pattern, which random values would hide.
_KEPT: Final = ("sampling_offsets", "attention_weights", "reference_points")


def detr(kind: str, *stages: str, **more: Any) -> nn.Module:
    """Return a DETR: `kind` is the beginning of the class's name."""
    config = getattr(transformers, f"{kind}Config")(
        backbone_config=ResNetConfig(**_STAGES, out_features=list(stages)),
        num_labels=CLASSES,
        **_SMALL,
        **more,
    )
    return _detector(kind, config)


def rt_detr(kind: str, size: tuple[int, int]) -> nn.Module:
    """Return an RT-DETR or D-FINE for inputs of a width and height.

    It has as many queries as proposals: which proposals are the best would depend on rounding.
    """
    config = getattr(transformers, f"{kind}Config")(
        backbone_config=RTDetrResNetConfig(**_STAGES, out_features=["stage2", "stage3", "stage4"]),
        num_labels=CLASSES,
        encoder_in_channels=[32, 48, 64],
        encoder_hidden_dim=64,
        encoder_ffn_dim=64,
        decoder_in_channels=[64, 64, 64],
        d_model=64,
        decoder_ffn_dim=64,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        num_queries=sum(size[0] * size[1] // stride**2 for stride in (8, 16, 32)),
        anchor_image_size=None,
    )
    return _detector(kind, config)


def yolos(size: tuple[int, int]) -> nn.Module:
    """Return a YOLOS for inputs of a width and height."""
    config = transformers.YolosConfig(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        image_size=[size[1], size[0]],
        num_detection_tokens=QUERIES,
        num_labels=CLASSES,
    )
    return _detector("Yolos", config)


def segformer() -> nn.Module:
    """Return a SegFormer."""
    config = transformers.SegformerConfig(
        hidden_sizes=[16, 16, 32, 32],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=32,
        num_labels=CLASSES,
    )
    return transformers.SegformerForSemanticSegmentation(config)


def _detector(kind: str, config: Any) -> nn.Module:
    return getattr(transformers, f"{kind}ForObjectDetection")(config)


@torch.no_grad()
def widen(network: Any, pixels: Tensor) -> None:
    """Change the weights so that classes, scores and boxes vary over the queries.

    Args:
        network: A detector.
        pixels: Its inputs for some pictures.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear) and not any(word in name for word in _KEPT):
            nn.init.xavier_uniform_(module.weight)
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight)
    for name, values in network.named_parameters():
        if name.endswith("detection_tokens"):
            nn.init.normal_(values)

    boxes = _last(network, lambda name, outputs: "bbox" in name and outputs == 4)
    # Refined by several layers, or by one from where the query starts.
    _scale(boxes, network, pixels, 0.05 if len(boxes) > 1 else 0.7)
    counts = {CLASSES, CLASSES + 1}
    classes = _last(network, lambda name, outputs: "class" in name and outputs in counts)
    _scale(classes, network, pixels, 1.0)
    logits = network(pixel_values=pixels).logits.flatten(0, 1)
    sigmoid = logits.shape[1] == CLASSES
    # With a sigmoid, a tenth of the queries of each class reach a score of 0.4.
    shift = -0.4 - logits.quantile(0.9, dim=0) if sigmoid else -logits.mean(dim=0)
    for layer in classes:
        layer.bias.add_(shift)


def _scale(layers: list[nn.Linear], network: Any, pixels: Tensor, spread: float) -> None:
    """Give the outputs of layers a standard deviation over queries, and a mean of 0."""
    for layer in layers:
        outputs = _outputs(network, pixels, layer)
        # Some layers are for training only.
        if outputs is not None:
            layer.weight.mul_(spread / outputs.std(dim=0).clamp_min(1e-6)[:, None])
            layer.bias = nn.Parameter(torch.zeros(layer.out_features))
            layer.bias.sub_(_outputs(network, pixels, layer).mean(dim=0))


def _last(network: nn.Module, chosen: Callable[[str, int], bool]) -> list[nn.Linear]:
    """Return the linear layers of which a name and a number of outputs say that they are wanted."""
    return [
        module
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear)
        and "enc_" not in name
        and chosen(name, module.out_features)
    ]


def _outputs(network: Any, pixels: Tensor, layer: nn.Module) -> Tensor | None:
    """Return what a layer last gives for the pictures' queries, [N, outputs]; None if not asked."""
    seen: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, out: seen.append(out.flatten(0, -2)))
    network(pixel_values=pixels)
    hook.remove()
    return seen[-1] if seen else None
