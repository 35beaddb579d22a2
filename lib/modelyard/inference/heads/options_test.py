"""The library implements every head and option that BUILD files accept."""

import msgspec

from modelyard.inference.heads.catalogue import HEADS
from modelyard.inference.heads.options import HeadOptions
from modelyard_contract import heads


def test_each_head_is_in_the_catalogue_or_reads_its_file() -> None:
    assert [*HEADS, heads.MODEL_API] == list(heads.HEADS)


def test_each_option_is_read() -> None:
    fields = [field.name for field in msgspec.structs.fields(HeadOptions)]
    assert fields == list(heads.OPTIONS)


def test_what_an_author_gives_takes_the_place_of_a_default() -> None:
    options = HeadOptions(limit=5).changed({"input_size": [640, 480], "mean": [1, 2, 0.5]})
    assert (options.input_size, options.mean) == ((640, 480), (1.0, 2.0, 0.5))
    assert (options.limit, options.nms_threshold) == (5, 0.45)
