from __future__ import annotations

import pytest

from modelyard_pants.nuclio.requirements import NotLocked, locked_requirements

LOCK = """\
# requirements: sha256 00
nuclio-sdk==0.6.3 \\
    --hash=sha256:bb \\
    --hash=sha256:aa
numpy==2.4.6 \\
    --hash=sha256:cc
openvino-telemetry==2025.2.0+absent \\
    --hash=sha256:dd
pytest==7.0.1 \\
    --hash=sha256:ee
torch==2.13.0+cpu ; sys_platform == 'linux' \\
    --hash=sha256:ff
torch==2.13.0 ; sys_platform == 'darwin' \\
    --hash=sha256:11
unhashed==1
"""


def test_only_the_contents_of_the_pex_are_required_with_digests() -> None:
    wheels = [
        "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl",
        "nuclio_sdk-0.6.3-py2.py3-none-any.whl",
        "numpy-2.4.6-22982-cp311-cp311-manylinux_2_28_x86_64.whl",
    ]
    assert locked_requirements(LOCK, wheels) == (
        "nuclio-sdk==0.6.3 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "numpy==2.4.6 \\\n    --hash=sha256:cc\n"
        "torch==2.13.0+cpu \\\n    --hash=sha256:ff\n"
    )


def test_an_omitted_package_is_not_required() -> None:
    wheel = "openvino_telemetry-2025.2.0+absent-py3-none-any.whl"
    assert locked_requirements(LOCK, [wheel]) == ""


@pytest.mark.parametrize("wheel", ["numpy-2.4.5-x.whl", "other-1-x.whl", "unhashed-1-x.whl"])
def test_a_package_without_a_digest_in_the_lock_is_refused(wheel: str) -> None:
    name, version = wheel.split("-")[:2]
    with pytest.raises(NotLocked, match=f"{name}=={version} is in the PEX"):
        locked_requirements(LOCK, [wheel])
