"""Settings of BUILD targets, as models read them."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from modelyard.serving.author.params import Params, ParamsError


class Settings(msgspec.Struct, frozen=True):
    size: Annotated[int, msgspec.Meta(gt=0)] = 320
    version: Literal["v1", "v2"] = "v1"


def test_defaults_stand_for_what_is_not_given() -> None:
    assert Params({}).read(Settings) == Settings(320, "v1")
    assert Params({"version": "v2"}).read(Settings) == Settings(320, "v2")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"siez": 64}, "params: unknown 'siez'; accepted: size, version"),
        ({"size": "64"}, r"params: Expected `int`, got `str` - at `\$.size`"),
        ({"size": 0}, r"params: Expected `int` >= 1 - at `\$.size`"),
        ({"version": "v3"}, r"params: Invalid enum value 'v3' - at `\$.version`"),
    ],
)
def test_what_a_model_does_not_take_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        Params(given).read(Settings)


def test_what_no_model_reads_is_refused() -> None:
    params = Params({"size": 64})
    with pytest.raises(ParamsError, match=r"a\.handler does not take any; remove size"):
        params.require_read("a.handler")
    params.read(Settings)
    params.require_read("a.handler")
    # Each time a model is loaded.
    with pytest.raises(ParamsError):
        params.require_read("a.handler")
    Params({}).require_read("a.handler")
