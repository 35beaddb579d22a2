"""A function whose folder has the name of a library."""

from __future__ import annotations

import pytest
from pants.engine.addresses import Address
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import AllTargets
from pants.testutil.rule_runner import QueryRule

from modelyard_pants.testing.runner import FUNCTION, function_rule_runner

LOCK = "torch==2.13.0 \\\n    --hash=sha256:0\nopencv-python-headless==4 \\\n    --hash=sha256:0\n"


@pytest.mark.parametrize("name", ["torch", "cv2"])
def test_a_librarys_name_is_refused(name: str) -> None:
    runner = function_rule_runner(QueryRule(AllTargets, []))
    build = FUNCTION.format(extra="")
    runner.write_files(
        {
            "3rdparty/python/torch-cpu/torch-cpu.lock": LOCK,
            f"functions/pytorch/{name}/BUILD": build,
            "functions/openvino/torch_model/BUILD": build.replace('name="f"', 'name="g"'),
        }
    )
    address = Address("functions/openvino/torch_model", target_name="g", generated_name="cpu")
    assert runner.get_target(address)
    with pytest.raises(ExecutionError, match=f"the folder has the name of the library `{name}`"):
        runner.request(AllTargets, [])
