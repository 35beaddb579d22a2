from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from modelyard_tools.files.logfile import Follower, rotate, tail

# Long enough that searching some files takes several blocks.
LINES = st.lists(st.binary(max_size=30_000).map(lambda line: line.replace(b"\n", b"")), max_size=8)


@given(LINES, st.booleans(), st.integers(0, 10))
def test_tail_returns_the_last_lines(lines: list[bytes], ended: bool, count: int) -> None:
    whole = [line + b"\n" for line in lines]
    if whole and not ended:
        whole[-1] = lines[-1] or b"x"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(b"".join(whole))
        assert tail(path, count) == b"".join(whole[-count:] if count else [])


def test_a_log_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "none", 3) == b""
    assert Follower(tmp_path / "none").read() == b""
    assert not rotate(tmp_path / "none")


def test_a_follower_sees_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old\n")
    follower = Follower(path)
    assert follower.read() == b""
    with path.open("ab") as file:
        file.write(b"new\n")
    assert follower.read() == b"new\n"
    assert follower.read() == b""


def test_rotation_bounds_the_log_while_it_is_written_and_followed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("ab", buffering=0) as writer:
        follower = Follower(path)
        writer.write(b"0123456789")
        assert not rotate(path, max_bytes=10)
        follower.read()
        writer.write(b"abc")
        assert rotate(path, max_bytes=10)
        assert path.with_name("log.1").read_bytes() == b"3456789abc"
        writer.write(b"later")
        assert path.read_bytes() == b"later"
        assert follower.read() == b"later"
