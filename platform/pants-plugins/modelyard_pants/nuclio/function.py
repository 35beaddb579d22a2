"""`function.yaml`: a prebuilt image on Nuclio's docker platform.

Nothing under `build`: the mere presence of some keys makes Nuclio build an image instead of using
ours.
"""

from __future__ import annotations

from typing import Any

from modelyard_contract.nuclio import DEFAULT_HANDLER, RUNTIME
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.nuclio import parts
from modelyard_pants.nuclio.size import require_fit
from modelyard_pants.nuclio.yaml_text import Quoted, render_yaml


def function_config(spec: FunctionSpec) -> dict[str, Any]:
    return {
        **parts.OBJECT,
        "metadata": parts.metadata(spec),
        "spec": {
            "description": Quoted(spec.description),
            "handler": DEFAULT_HANDLER,
            "runtime": RUNTIME,
            "image": spec.image,
            "env": parts.env(spec.environment),
            "triggers": parts.http_trigger(spec, {"port": spec.port}),
            **parts.limits(spec),
            **parts.event_timeout(spec),
            **parts.restart_policy(),
        },
    }


def render_function(spec: FunctionSpec) -> bytes:
    """Raises `SpecTooLarge` beyond Nuclio's command-line limit."""
    config = function_config(spec)
    require_fit(config)
    return render_yaml(config)


def function_files(spec: FunctionSpec) -> dict[str, bytes]:
    """`function.yaml`, or `function-<variant>.yaml`, by name."""
    return {spec.file_name("function"): render_function(spec)}
