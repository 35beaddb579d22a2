from __future__ import annotations

from pants.engine.fs import DigestContents
from pants.engine.rules import QueryRule

from modelyard_pants.image.layers import BuiltLayer
from modelyard_pants.image.server_layer import ServerLayerRequest
from modelyard_pants.testing.stand_ins import rule_runner_with_stand_ins


def test_the_server_consists_of_its_packages_and_sources() -> None:
    runner = rule_runner_with_stand_ins(QueryRule(BuiltLayer, [ServerLayerRequest]))
    before = runner.request(BuiltLayer, [ServerLayerRequest()])
    words = "'environment', '--name', 'server', '--pins', 'pins.txt', '--sources', 'srcs'"
    blob = next(
        item
        for item in runner.request(DigestContents, [before.digest])
        if item.path.startswith("blobs/")
    )
    assert words in blob.content.decode()
    runner.write_files({"lib/modelyard/serving/server/standalone.py": "EDITED = True"})
    after = runner.request(BuiltLayer, [ServerLayerRequest()])
    assert before.description.name == after.description.name == "server"
    assert before.description.digest != after.description.digest
