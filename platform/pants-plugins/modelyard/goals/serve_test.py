from __future__ import annotations

import json
import os

from pants.base.build_environment import get_buildroot
from pants.core.goals.run import RunRequest
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.testutil.rule_runner import QueryRule

from modelyard.goals.serve import ServeFieldSet
from modelyard.goals.standins import rule_runner_with_stand_ins


def test_a_function_is_served_from_its_build_and_the_working_copy() -> None:
    runner = rule_runner_with_stand_ins(
        QueryRule(RunRequest, [ServeFieldSet]), QueryRule(DigestContents, [Digest])
    )
    runner.write_files({"platform/python/deployer/BUILD": "pex_binary(name='bin')"})
    target = runner.get_target(Address("functions/openvino/a", generated_name="cpu"))
    served = runner.request(RunRequest, [ServeFieldSet.create(target)])
    roots = [os.path.join(get_buildroot(), root) for root in ("functions/openvino", "lib")]
    assert served.args[-4:] == ("serve", "--sources", *roots)
    assert served.args[:3] == ("deployer", "--releases", "{chroot}/bundle")
    assert served.immutable_input_digests is not None
    bundle = runner.request(DigestContents, [served.immutable_input_digests["bundle"]])
    index = next(file.content for file in bundle if file.path == "index.json")
    assert json.loads(index)["releases"] == ["releases/a/cpu/manifest.json"]
