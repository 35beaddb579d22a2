"""The stand-ins in `wheels/` are what `standins.py` writes, and follow pip's rules."""

import base64
import csv
import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename

import repack
from lock import WHEELS, repository_root
from pins import parse_lock
from resolves import RESOLVES
from standins import STAND_INS, StandIn

ROOT = repository_root(Path.cwd())


def test_the_committed_wheels_are_the_ones_written(tmp_path: Path) -> None:
    written = {stand_in.write(tmp_path).name for stand_in in STAND_INS}
    assert written == {path.name for path in (ROOT / WHEELS).glob("*.whl")} - {repack.WHEEL}
    for name in written:
        assert (tmp_path / name).read_bytes() == (ROOT / WHEELS / name).read_bytes()


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda stand_in: stand_in.name)
def test_a_stand_in_holds_metadata_alone(stand_in: StandIn, tmp_path: Path) -> None:
    path = stand_in.write(tmp_path)
    project, version, _, _ = parse_wheel_filename(path.name)
    assert (project, str(version)) == (stand_in.name, stand_in.version)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        (record,) = [name for name in names if name.endswith("/RECORD")]
        assert all(".dist-info/" in name for name in names)
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert [row[0] for row in rows] == names
        for name, digest, size in rows[:-1]:
            content = archive.read(name)
            encoded = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            assert digest == f"sha256={encoded.rstrip('=')}"
            assert int(size) == len(content)


def test_openvino_is_locked_with_its_stand_in() -> None:
    pins = {pin.name: pin for pin in parse_lock(RESOLVES["openvino"].lock(ROOT).read_text())}
    (stand_in,) = [entry for entry in STAND_INS if entry.name == "openvino-telemetry"]
    digest = hashlib.sha256((ROOT / WHEELS / stand_in.wheel_name).read_bytes()).hexdigest()
    assert pins["openvino-telemetry"].version == stand_in.version
    assert pins["openvino-telemetry"].hashes == (f"--hash=sha256:{digest}",)
