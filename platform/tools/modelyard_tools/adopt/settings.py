"""Translates a function.yaml into fields of our `model_function`."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from modelyard_contract import limits
from modelyard_contract.durations import duration_seconds
from modelyard_contract.nuclio import GPU, HOME, RUNTIME
from modelyard_contract.quantities import cores, memory_bytes
from modelyard_contract.variables import is_name, is_reserved, is_writable
from modelyard_tools.adopt.notes import Notes

# What `model_function` uses if these fields are not set.
DEFAULTS: Final[Mapping[str, Any]] = {
    "workers": limits.DEFAULT_WORKERS,
    "event_timeout": limits.EVENT_TIMEOUT,
    "availability_timeout": limits.AVAILABILITY_TIMEOUT,
    "max_body": limits.DEFAULT_BODY,
}
# Set by our own build, or already covered elsewhere.
_SILENT: Final = frozenset(
    {"build", "description", "handler", "runtime", "env", "triggers", "resources", "eventTimeout"}
    | {"minReplicas", "maxReplicas", "platform", "image"}
)


def settings_of(config: Mapping[str, Any], file: str, notes: Notes) -> dict[str, Any]:
    """Return the fields that differ from our defaults; settings without a field become notes."""
    spec = config["spec"]
    fields = {**_trigger(spec, file, notes), **_resources(spec, file, notes)}
    timeout = _event_timeout(spec, file, notes)
    if timeout is not None:
        fields["event_timeout"] = timeout
    env = _env(spec, file, notes)
    if env:
        fields["env"] = env
    for key in sorted(set(spec) - _SILENT):
        notes.add(f"{file} spec.{key}", f"left out: {_short(spec[key])}")
    runtime = str(spec.get("runtime", ""))
    if runtime not in ("python", RUNTIME):
        notes.add(f"{file} spec.runtime", f"was {runtime or 'not set'}, is now Python 3.11")
    return {name: value for name, value in fields.items() if DEFAULTS.get(name) != value}


def _trigger(spec: Mapping[str, Any], file: str, notes: Notes) -> dict[str, Any]:
    triggers = {
        name: trigger
        for name, trigger in (spec.get("triggers") or {}).items()
        if isinstance(trigger, dict)
    }
    http = {name: each for name, each in triggers.items() if each.get("kind", "http") == "http"}
    for name in triggers.keys() - http.keys():
        notes.add(
            f"{file} spec.triggers.{name}", f"left out: a trigger of kind {triggers[name]['kind']}"
        )
    if not http:
        return {}
    name, trigger = next(iter(http.items()))
    where = f"{file} spec.triggers.{name}"
    attributes = trigger.get("attributes") or {}
    readers: dict[str, tuple[Any, Callable[[float], Any]]] = {
        "workers": (trigger.get("numWorkers", trigger.get("maxWorkers")), _workers),
        "availability_timeout": (
            trigger.get("workerAvailabilityTimeoutMilliseconds"),
            lambda milliseconds: _whole(min(milliseconds / 1000, limits.CVAT_TIMEOUT)),
        ),
        "max_body": (
            attributes.get("maxRequestBodySize"),
            lambda size: int(min(max(size, limits.LEAST_BODY), limits.MOST_BODY)),
        ),
        "port": (attributes.get("port"), int),
    }
    for key in sorted(set(trigger) - _TRIGGER_KEYS):
        notes.add(f"{where}.{key}", f"left out: {_short(trigger[key])}")
    for key in sorted(set(attributes) - {"maxRequestBodySize", "port"}):
        notes.add(f"{where}.attributes.{key}", f"left out: {_short(attributes[key])}")
    return dict(_numbers(readers, where, notes))


_TRIGGER_KEYS: Final = frozenset(
    {"kind", "name", "numWorkers", "maxWorkers", "workerAvailabilityTimeoutMilliseconds"}
    | {"attributes"}
)


def _numbers(
    readers: Mapping[str, tuple[Any, Callable[[float], Any]]], where: str, notes: Notes
) -> Iterator[tuple[str, Any]]:
    for field, (given, read) in readers.items():
        if given in (None, 0) and field != "availability_timeout":
            continue
        if given is None:
            continue
        try:
            number = float(given)
        except (TypeError, ValueError):
            notes.add(where, f"{field} left out: {_short(given)} is not a number")
            continue
        value = read(number)
        if field == "max_body" and value != number:
            notes.add(
                where, f"max_body was {number:g} bytes, is now {value}, the nearest accepted value"
            )
        yield field, value


def _workers(number: float) -> int:
    return max(1, min(int(number), limits.MOST_WORKERS))


def _resources(spec: Mapping[str, Any], file: str, notes: Notes) -> dict[str, Any]:
    given = (spec.get("resources") or {}).get("limits") or {}
    fields: dict[str, Any] = {}
    for key, quantity in given.items():
        field, read = _LIMITS.get(key, (key, _unknown))
        try:
            fields[field] = read(str(quantity))
        except ValueError:
            notes.add(f"{file} spec.resources.limits.{key}", f"left out: {_short(quantity)}")
    return fields


def _memory(text: str) -> str:
    """Return the amount with a unit, which BUILD files require."""
    size = memory_bytes(text)
    return f"{math.ceil(size / 1024)}Ki" if text[-1].isdigit() else text


def _cores(text: str) -> str:
    cores(text)
    return text


def _unknown(text: str) -> str:
    raise ValueError(text)


_LIMITS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "memory": ("memory", _memory),
    "cpu": ("cpus", _cores),
    GPU: ("gpus", int),
}


def _event_timeout(spec: Mapping[str, Any], file: str, notes: Notes) -> float | None:
    text = spec.get("eventTimeout")
    if not text:
        return None
    where = f"{file} spec.eventTimeout"
    try:
        seconds = duration_seconds(str(text))
    except ValueError as error:
        notes.add(where, f"left out: {error}")
        return None
    most = limits.CVAT_TIMEOUT
    if not limits.LEAST_EVENT_TIMEOUT <= seconds <= most:
        seconds = min(max(seconds, limits.LEAST_EVENT_TIMEOUT), most)
        notes.add(where, f"was {text}, is now {seconds:g}: CVAT itself waits {most:g} s")
    return _whole(seconds)


def _env(spec: Mapping[str, Any], file: str, notes: Notes) -> dict[str, str]:
    kept: dict[str, str] = {}
    for variable in spec.get("env") or ():
        if not isinstance(variable, dict) or "name" not in variable:
            notes.add(f"{file} spec.env", f"left out: {_short(variable)}")
            continue
        name = str(variable["name"])
        problem = _env_problem(name, variable)
        if problem:
            notes.add(f"{file} spec.env.{name}", f"left out: {problem}")
        else:
            kept[name] = _env_text(variable["value"])
    return kept


def _env_problem(name: str, variable: Mapping[str, Any]) -> str | None:
    if "value" not in variable:
        return "it has no literal value"
    value = _env_text(variable["value"])
    if is_reserved(name):
        return f"the runtime sets it (it was {_short(value)})"
    if not is_name(name):
        return "it is not a valid variable name"
    if not is_writable(value):
        return "its value contains a single quote or a line break"
    if value.startswith(HOME):
        return f"{value} is a path in the author's image; the code uses `nuclio_path` instead"
    return None


def _env_text(value: Any) -> str:
    """Return the value as text, as nuctl does if YAML reads it as another type."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whole(seconds: float) -> float:
    return int(seconds) if float(seconds).is_integer() else seconds


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
