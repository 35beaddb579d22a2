"""Runs `modelyard_tools.images.layers.build`, which builds layers, sandboxed and cached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.engine.addresses import Address
from pants.engine.fs import Digest, RemovePrefix
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import InvalidTargetException
from pants.util.frozendict import FrozenDict
from pants.util.strutil import strip_v2_chroot_path

from modelyard_pants.common.option_tools import OptionTool

# Fetched packages by digest: Debian's, and Python's.
DEBS = ".modelyard_debs"
_UV = ".modelyard_uv"
_CACHES = {"modelyard_debs": DEBS, "modelyard_uv": _UV}


@dataclass(frozen=True)
class ImageToolRequest:
    """`modelyard_tools.images.layers.build` with these arguments, in a folder with `inputs`."""

    arguments: tuple[str, ...]
    inputs: Digest
    description: str
    wanted_by: Address
    env: FrozenDict[str, str] = FrozenDict()


@dataclass(frozen=True)
class ImageToolOutput:
    """The tool's output files."""

    digest: Digest


@rule
async def run_image_tool(request: ImageToolRequest) -> ImageToolOutput:
    tool = await Get(VenvPex, OptionTool("image_builder", "modelyard_tools.images.layers.build"))
    result = await Get(
        FallibleProcessResult,
        VenvPexProcess(
            tool,
            argv=(*request.arguments, "--out", "out"),
            input_digest=request.inputs,
            output_directories=("out",),
            extra_env={"UV_CACHE_DIR": _UV, **request.env},
            append_only_caches=_CACHES,
            description=request.description,
        ),
    )
    if result.exit_code != 0:
        lines = strip_v2_chroot_path(result.stderr).strip().splitlines()
        raise InvalidTargetException(
            f"{request.wanted_by}: {lines[-1] if lines else 'the image builder gave no reason'}"
        )
    return ImageToolOutput(await Get(Digest, RemovePrefix(result.output_digest, "out")))


def rules() -> Iterable[Any]:
    return collect_rules()
