"""The previous version, stored on a function's object, so that anyone can restore it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from modelyard_contract.nuclio import DIGEST
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.history import Config
from modelyard_tools.deployer.kubernetes.objects import config_of
from modelyard_tools.deployer.kubernetes.pinning import is_pinned

PREVIOUS: Final = "modelyard.io/previous"
# A server accepts 256 KiB of annotations, and a function has others.
_LARGEST: Final = 128 * 1024


def with_previous(
    item: Mapping[str, Any], current: Mapping[str, Any] | None, *, serves: bool
) -> dict[str, Any]:
    """Return an object that records what it replaces: `current`, if that one `serves`.

    Otherwise, and if both are the same release, the version recorded on `current` is kept.
    """
    if current is None:
        return dict(item)
    same = _annotations(current).get(DIGEST) == _annotations(item).get(DIGEST)
    if serves and not same:
        remembered = _remembered(current)
    else:
        remembered = _annotations(current).get(PREVIOUS)
    return _annotated(item, remembered)


def previous(name: str, current: Mapping[str, Any]) -> Config:
    """Return the configuration that `current` replaced.

    Raises:
        DeployError: none is recorded, or it cannot be read.
    """
    remembered = _annotations(current).get(PREVIOUS)
    if remembered is None:
        advice = (
            "apply an earlier commit"
            if is_pinned(str(current["spec"].get("image")))
            else "its image is named by a tag, which can move: with `registry` in the cluster's "
            "settings, and skopeo here, images are named by digest; until then, apply an earlier "
            "commit once its image is published again"
        )
        raise DeployError(f"no earlier version of {name} is known in the cluster; {advice}")
    try:
        return msgspec.json.decode(remembered, type=Config)
    except msgspec.DecodeError as error:
        raise DeployError(
            f"the annotation {PREVIOUS} of {name} cannot be read ({error}); apply an earlier commit"
        ) from None


def _remembered(current: Mapping[str, Any]) -> str | None:
    """Return `current` as text, unless its tag may refer to another image by now."""
    if not is_pinned(str(current["spec"].get("image"))):
        return None
    text = msgspec.json.encode(_annotated(config_of(dict(current)), None)).decode()
    return text if len(text) <= _LARGEST else None


def _annotated(item: Mapping[str, Any], remembered: str | None) -> dict[str, Any]:
    kept = {key: text for key, text in _annotations(item).items() if key != PREVIOUS}
    if remembered is not None:
        kept[PREVIOUS] = remembered
    return {**item, "metadata": {**item["metadata"], "annotations": kept}}


def _annotations(item: Mapping[str, Any]) -> Mapping[str, str]:
    return item["metadata"].get("annotations") or {}
