"""Build steps of an author's image: not carried over, except where weights come from."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from modelyard_tools.adopt.notes import Notes
from modelyard_tools.adopt.upstream import CONFIGS

_URL: Final = re.compile(r"https?://[^\s'\"|;&)<>]+")
# What files of weights end with.
WEIGHTS: Final = frozenset(
    {".pth", ".pt", ".pkl", ".onnx", ".h5", ".pb", ".xml", ".bin", ".weights", ".caffemodel"}
    | {".npz", ".safetensors", ".zip", ".gz", ".tar", ".tgz", ".ckpt", ".tflite", ".torchscript"}
)
_DRIVE: Final = re.compile(r"drive\.google\.com|\bgdown\b|confirm=")
_ZOO: Final = re.compile(r"(?:omz_downloader|downloader\.py)\b.*?--name[= ]+([\w.-]+)")


class WeightsFile(msgspec.Struct, frozen=True):
    """A file of weights: a name for its target, its source, and its digest and size if known."""

    target: str
    source: str
    sha256: str = ""
    size: int = 0

    @property
    def name(self) -> str:
        """The file's name."""
        return unquote(PurePosixPath(self.source).name)


def weights_of(
    configs: Mapping[str, Mapping[str, Any]], dockerfiles: Mapping[str, str], notes: Notes
) -> list[WeightsFile]:
    """Return the weights that build steps download; the steps themselves become notes."""
    found: dict[str, WeightsFile] = {}
    for where, step in (*_directives(configs, notes), *_docker_steps(dockerfiles)):
        urls = [url for url in _URL.findall(step) if _is_weights(url)]
        for url in urls:
            if url not in found:
                found[url] = WeightsFile(
                    target_name(url, [each.target for each in found.values()]), url
                )
        notes.add(where, _verdict(step, urls))
    return list(found.values())


def target_name(url: str, taken: Collection[str]) -> str:
    """Return a unique name for the file's target."""
    stem = re.sub(r"\W+", "_", PurePosixPath(url).name.partition(".")[0]).strip("_").lower()
    stem = stem or "weights"
    names = (stem, *(f"{stem}_{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)


def _directives(
    configs: Mapping[str, Mapping[str, Any]], notes: Notes
) -> Iterator[tuple[str, str]]:
    for variant, config in configs.items():
        file = CONFIGS[variant]
        build = config["spec"].get("build") or {}
        base = build.get("baseImage")
        if base:
            notes.add(
                f"{file} spec.build.baseImage",
                f"{base} is not used; images are based on the repository's own, or on `base_image`",
            )
        for phase in ("preCopy", "postCopy"):
            for step in (build.get("directives") or {}).get(phase) or ():
                text = " ".join(str(step.get("value", "")).split())
                kind = str(step.get("kind", "RUN")).upper()
                yield f"{file} spec.build.directives.{phase}", f"{kind} {text}"


def _docker_steps(dockerfiles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in dockerfiles.items():
        joined = re.sub(r"\\\s*\n", " ", text)
        for line in joined.splitlines():
            step = " ".join(line.split())
            if step and not step.startswith("#"):
                yield name, step


def _is_weights(url: str) -> bool:
    return PurePosixPath(url).suffix.lower() in WEIGHTS and "drive.google" not in url


def _verdict(step: str, urls: list[str]) -> str:
    """Return the step and what to do about it."""
    zoo = _ZOO.search(step)
    if urls:
        what = "the weights are declared in BUILD; record their digest there"
    elif _DRIVE.search(step):
        what = "declare the file in a model_weights (example: 3rdparty/models/BUILD.torch)"
    elif zoo:
        what = f"pin {zoo[1]} of Open Model Zoo as 3rdparty/models/BUILD.classic does"
    elif re.search(r"\b(pip3?|conda|mamba|uv) .*install\b", step):
        what = "third-party libraries come from the resolve's lock"
    elif re.search(r"\bapt(-get)?\b", step):
        what = "for Debian packages, build a base image and name it in `base_image`"
    elif "git clone" in step:
        what = "copy the needed code into this package, with its licence"
    elif step.startswith("FROM "):
        what = "images are based on the repository's own, or on `base_image`"
    else:
        what = "left out"
    return f"`{step if len(step) <= 120 else step[:117] + '...'}`: {what}"
