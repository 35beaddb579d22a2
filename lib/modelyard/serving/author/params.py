"""The settings of a function's model: `params` of its BUILD target."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)


class ParamsError(Exception):
    """A model does not accept the `params` of its BUILD target; the message is one line."""


class Params:
    """The settings as given, for a model to read when it loads.

    ```python
    class SamSettings(msgspec.Struct, frozen=True):
        cache_mib: int = 64

    kept = assets.params.read(SamSettings).cache_mib
    ```
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Keep the settings of the BUILD target."""
        self._given = given
        self._read = False

    def read(self, kind: type[SettingsT]) -> SettingsT:
        """Return the settings as a struct of `kind`, with its defaults for missing ones.

        Raises:
            ParamsError: one is unknown, missing, or has the wrong type.
        """
        self._read = True
        known = [field.encode_name for field in msgspec.structs.fields(kind)]
        for name in self._given:
            if name not in known:
                raise ParamsError(f"params: unknown {name!r}; accepted: {', '.join(known)}")
        try:
            return msgspec.convert(dict(self._given), kind)
        except msgspec.ValidationError as error:
            raise ParamsError(f"params: {error}") from None

    def require_read(self, model: str) -> None:
        """Check that `model` has read them while loading.

        Raises:
            ParamsError: it has not, so they would have no effect.
        """
        read, self._read = self._read, False
        if self._given and not read:
            raise ParamsError(f"params: {model} does not take any; remove {', '.join(self._given)}")
