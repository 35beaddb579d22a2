"""The settings that a function's BUILD target gives to its model, as `params`."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)


class ParamsError(Exception):
    """The `params` of a BUILD target are not those that its model takes; the text is one line."""


class Params:
    """The settings as they were given, for a model to read when it loads.

    ```python
    class SamSettings(msgspec.Struct, frozen=True):
        cache_mib: int = 64

    kept = assets.params.read(SamSettings).cache_mib
    ```
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Keep what the BUILD target says."""
        self._given = given
        self._read = False

    def read(self, kind: type[SettingsT]) -> SettingsT:
        """Return the settings as a struct of `kind`, whose defaults stand for what is not given.

        Raises:
            ParamsError: one is unknown, missing, or of another type.
        """
        self._read = True
        known = [field.encode_name for field in msgspec.structs.fields(kind)]
        for name in self._given:
            if name not in known:
                raise ParamsError(f"params: there is no {name!r}; there are: {', '.join(known)}")
        try:
            return msgspec.convert(dict(self._given), kind)
        except msgspec.ValidationError as error:
            raise ParamsError(f"params: {error}") from None

    def require_read(self, model: str) -> None:
        """Check that `model` has read them, now that it is loaded.

        Raises:
            ParamsError: it has not, so that nothing they say would have an effect.
        """
        read, self._read = self._read, False
        if self._given and not read:
            raise ParamsError(f"params: {model} takes none, but there are {', '.join(self._given)}")
