"""The label set of a function in development, read again from the working copy."""

import json
from pathlib import Path
from typing import Any, Final

from modelyard_contract.labels import LabelError, normalise_labels
from modelyard_contract.release import MODEL, WEIGHTS

_LABELS: Final = "labels"


class LabelFile:
    """A label set's file, and the assets of a function whose `model.json` repeats it.

    Attributes:
        path: The file in the working copy.
        assets: The folder that workers read, with the labels as last applied.
        labels: Those labels, as CVAT reads them; None before the first `apply`.
    """

    def __init__(self, path: Path, built: Path, assets: Path) -> None:
        """Make the folder `assets` stand for the `built` one, which must not be changed."""
        self.path = path.resolve()
        self.assets = assets
        self.labels: list[dict[str, Any]] | None = None
        self._described = json.loads((built / MODEL).read_text(encoding="utf-8"))
        assets.mkdir()
        (assets / WEIGHTS).symlink_to((built / WEIGHTS).resolve())

    def apply(self) -> None:
        """Read the file, and give its labels to workers that start from now on.

        Raises:
            LabelError: it cannot be read, or CVAT would refuse it; one line says where and why.
        """
        try:
            labels = normalise_labels(json.loads(self.path.read_text(encoding="utf-8")))
        except OSError as error:
            raise LabelError(f"cannot read {self.path}: {error.strerror}") from None
        except (ValueError, TypeError) as error:
            raise LabelError(f"{self.path} cannot be used: {error}") from None
        if not labels:
            raise LabelError(f"{self.path} cannot be used: it is empty")
        text = json.dumps({**self._described, _LABELS: labels}, ensure_ascii=False)
        (self.assets / MODEL).write_text(text, encoding="utf-8")
        self.labels = labels
