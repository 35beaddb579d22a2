"""Adopting one function that was written for CVAT."""

import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from modelyard_contract.frameworks import FRAMEWORKS, OPENVINO, PYTORCH
from modelyard_tools.adopt import fitting
from modelyard_tools.adopt.errors import AdoptError
from modelyard_tools.adopt.fetching import bare_names
from modelyard_tools.adopt.files import files_beside
from modelyard_tools.adopt.handler import find_handler
from modelyard_tools.adopt.identity import identity_of
from modelyard_tools.adopt.notes import Note, Notes
from modelyard_tools.adopt.resolves import distribution_of, missing_modules, resolve_of
from modelyard_tools.adopt.settings import DEFAULTS, settings_of
from modelyard_tools.adopt.steps import WeightsFile, target_name, weights_of
from modelyard_tools.adopt.upstream import CONFIGS, Upstream, read_upstream
from modelyard_tools.adopt.write import Adopted, write_function
from modelyard_tools.scaffold.names import BadNameError, check_name

# Folders of CVAT's tree whose names differ from those of our frameworks.
_FRAMEWORK_FOLDERS: Final = {"onnx": OPENVINO, "tensorflow": OPENVINO}
_FRAMEWORK_MODULES: Final = {
    "openvino": OPENVINO,
    "onnxruntime": OPENVINO,
    "torch": PYTORCH,
    "detectron2": PYTORCH,
    "mmpose": PYTORCH,
    "tensorflow": OPENVINO,
    "mrcnn": OPENVINO,
}


class Result(msgspec.Struct, frozen=True):
    """The written folder and what is left to do in it."""

    folder: Path
    notes: tuple[Note, ...]


def adopt(repository: Path, path: Path, name: str | None, framework: str | None) -> Result:
    """Read the function at `path` and write ours; `name` and `framework` override its own.

    Raises:
        AdoptError: there is no function that can be adopted, or it has already been adopted.
        OSError: it cannot be written.
    """
    upstream = read_upstream(path)
    notes = Notes()
    modules = fitting.parse(upstream.code)
    imported = {each for module in modules for each in module.imported}
    framework = framework or _framework(upstream, imported, notes)
    name = _name(upstream, name, repository)
    variant, config = next(iter(upstream.configs.items()))
    identity = identity_of(config, CONFIGS[variant], notes)
    _require_new(identity.name, repository)
    handler = find_handler(config, identity.type, modules)
    if handler.unfinished:
        notes.add("handler.py", handler.unfinished)
    beside = files_beside(
        upstream.folder,
        upstream.data,
        notes,
        json_for_yaml=any(fitting.reads_config_only(module) for module in modules),
    )
    weights = weights_of(upstream.configs, upstream.dockerfiles, notes)
    # A file that is there is the one that the author ran.
    pinned = [*beside.weights, *(each for each in weights if each.name not in beside.names)]
    code = _fitted(modules, name, resolve_of(framework), repository, notes, given=beside.names)
    adopted = Adopted(
        name=name,
        path=upstream.path,
        framework=framework,
        identity=identity,
        handler=handler,
        code=code,
        settings=_settings(upstream, framework, notes),
        weights=_distinct(pinned),
        data=beside.data,
    )
    notes.add(
        "BUILD",
        "`licence`, `licence_stated_at` and `origin` are placeholders: state author and licence "
        "of the code and of the weights",
    )
    return Result(write_function(repository, adopted, notes.all), notes.all)


def _framework(upstream: Upstream, imported: Collection[str], notes: Notes) -> str:
    folder = upstream.path.partition("/")[0]
    first = _FRAMEWORK_FOLDERS.get(folder, folder)
    if first in FRAMEWORKS:
        return first
    for module, framework in _FRAMEWORK_MODULES.items():
        if module in imported:
            return framework
    notes.add("framework", f"{OPENVINO} is a guess; set --framework to change it")
    return OPENVINO


def _name(upstream: Upstream, given: str | None, repository: Path) -> str:
    name = given or re.sub(r"\W+", "_", PurePosixPath(upstream.path).name).strip("_").lower()
    try:
        check_name(name, repository)
    except BadNameError as error:
        raise AdoptError(f"{error}; set --name") from None
    return name


def _require_new(function: str, repository: Path) -> None:
    for file in sorted(repository.glob("functions/*/*/BUILD")):
        if re.search(rf'function_name="{re.escape(function)}"', file.read_text(encoding="utf-8")):
            where = file.parent.relative_to(repository)
            raise AdoptError(f"{function} already exists in {where}; use that one or remove it")


def _fitted(
    modules: Collection[fitting.Module],
    name: str,
    resolve: str,
    repository: Path,
    notes: Notes,
    *,
    given: Collection[str],
) -> dict[str, str]:
    """Return the author's files, adapted to our package; what cannot be adapted becomes notes."""
    own = fitting.own_modules(modules)
    code = {}
    for module in modules:
        place = f"author/{module.path}"
        foreign = module.imported - own
        if fitting.reads_config_only(module):
            foreign -= {"yaml"}
        missing = missing_modules(foreign, resolve, repository)
        for each in sorted(missing):
            notes.add(
                place,
                f"imports {each}, which the resolve {resolve} lacks; add {distribution_of(each)} "
                f"to 3rdparty/python/{resolve}/{resolve}.in and lock it, copy its code here, or "
                "load the model with modelyard.inference.openvino",
            )
        for path in fitting.image_paths(module):
            if PurePosixPath(path).name not in given:
                notes.add(place, f"reads {path}; provide a file of that name with a model_weights")
        for line, path in bare_names(module.tree):
            if PurePosixPath(path).name not in given:
                reason = f"opens {path}; provide a file of that name with a model_weights"
                notes.add(f"{place}:{line}", reason)
        for line, reason in fitting.unfit(module):
            notes.add(f"{place}:{line}", reason)
        code[module.path] = fitting.fit(module, f"{name}.author", own, missing)
    return code


def _distinct(weights: Collection[WeightsFile]) -> list[WeightsFile]:
    """Return the files with a name of its own for each target."""
    named: list[WeightsFile] = []
    for each in weights:
        target = target_name(each.source, [other.target for other in named])
        named.append(msgspec.structs.replace(each, target=target))
    return named


def _settings(upstream: Upstream, framework: str, notes: Notes) -> dict[str, dict[str, Any]]:
    """Return the fields of `model_function` by variant."""
    settings = {
        variant: settings_of(config, CONFIGS[variant], notes)
        for variant, config in upstream.configs.items()
    }
    gpu = settings.get("gpu")
    if gpu is not None and "gpu" not in FRAMEWORKS[framework]:
        notes.add("function-gpu.yaml", f"left out: there is no {framework} resolve for GPUs")
        settings = {"cpu": settings.get("cpu", gpu)}
    elif gpu is not None:
        gpu.setdefault("gpus", 1)
        if "cpu" in settings:
            # A variant inherits from the other what it does not set.
            for field in settings["cpu"].keys() & DEFAULTS.keys():
                gpu.setdefault(field, DEFAULTS[field])
            # Two variants run side by side.
            gpu.pop("port", None)
            notes.add(
                "function-gpu.yaml",
                "became the variant gpu, with `-gpu` after its name and a port of its own",
            )
    if "cpu" in settings and settings["cpu"].pop("gpus", None):
        notes.add("spec.resources.limits", "the variant cpu gets no GPU")
    return settings
