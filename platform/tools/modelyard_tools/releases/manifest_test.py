"""The fields read from a manifest are those that the build writes."""

import msgspec

from modelyard_contract import release
from modelyard_tools.releases.manifest import Manifest, Parts


def test_each_key_that_is_read_is_written() -> None:
    read = {field.encode_name for field in msgspec.structs.fields(Manifest)}
    assert read <= release.SealedManifest.__annotations__.keys()


def test_all_parts_are_read() -> None:
    read = [field.encode_name for field in msgspec.structs.fields(Parts)]
    assert read == list(release.Parts.__annotations__)
