"""The form of CVAT's own `serverless` folder: Nuclio builds the image from a folder of sources.

`nuctl deploy --path FOLDER` copies the folder to `/opt/nuclio` in the image, after the steps under
`preCopy`, which can already read it as `handler/`. They install the requirements, so that an edit
of the code does not install them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from modelyard_contract import variables
from modelyard_contract.nuclio import HOME, RUNTIME
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.nuclio import parts
from modelyard_pants.nuclio.size import require_fit
from modelyard_pants.nuclio.yaml_text import Quoted, render_yaml

FOLDER = "nuclio"

_MAIN = '''\
"""Where Nuclio looks for the function: `main:handler`, and `init_context` beside it."""

from modelyard.serving.worker.nuclio import handler, init_context

__all__ = ["handler", "init_context"]
'''


@dataclass(frozen=True)
class ClassicBuild:
    """The inputs of the image: `requirements` is the text of a hashed requirements file."""

    base_image: str
    requirements: str
    pip_args: tuple[str, ...] = ()


def classic_config(spec: FunctionSpec, build: ClassicBuild) -> dict[str, Any]:
    return {
        **parts.OBJECT,
        "metadata": parts.metadata(spec),
        "spec": {
            "description": Quoted(spec.description),
            "handler": "main:handler",
            "runtime": RUNTIME,
            "env": parts.env(spec.environment),
            "build": {
                # Nuclio mistakes a registry's port for a tag, so the name has neither.
                "image": f"cvat.{spec.name}",
                "baseImage": build.base_image,
                "directives": {"preCopy": _steps(spec, build)},
            },
            "triggers": parts.http_trigger(spec, {"port": spec.port}),
            **parts.limits(spec),
            **parts.event_timeout(spec),
            **parts.restart_policy(),
        },
    }


def _steps(spec: FunctionSpec, build: ClassicBuild) -> list[dict[str, str]]:
    requirements = spec.file_name("requirements", "txt")
    # The list is complete, so nothing else may be installed.
    options = ("--no-cache-dir", "--no-deps", "--require-hashes", *build.pip_args)
    return [
        {"kind": "ENV", "value": Quoted(f"{variables.ASSETS}={HOME}/assets")},
        {"kind": "COPY", "value": Quoted(f"handler/{requirements} /tmp/{requirements}")},
        {
            "kind": "RUN",
            "value": Quoted(f"python -m pip install {' '.join(options)} -r /tmp/{requirements}"),
        },
    ]


def classic_files(spec: FunctionSpec, build: ClassicBuild) -> dict[str, bytes]:
    """The generated files of the folder, by path; sources, labels and weights are added later.

    Raises `SpecTooLarge` beyond Nuclio's command-line limit.
    """
    config = classic_config(spec, build)
    require_fit(config)
    return {
        f"{FOLDER}/{spec.file_name('function')}": render_yaml(config),
        f"{FOLDER}/main.py": _MAIN.encode(),
        f"{FOLDER}/{spec.file_name('requirements', 'txt')}": build.requirements.encode(),
    }
