"""Lock files: which pins apply, and what is not a lock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers.locked import Pin, parse_lock, parse_requirements, pin_of, render

HASH = "--hash=sha256:" + "0" * 64
NAMES = st.from_regex(r"[a-z]([a-z0-9]|-[a-z0-9]){0,10}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", fullmatch=True)
PINS = st.dictionaries(NAMES, VERSIONS, max_size=5).map(
    lambda found: [Pin(name, f"{name}=={version} {HASH}") for name, version in found.items()]
)


@given(PINS)
def test_what_is_rendered_is_read_again(pins: list[Pin]) -> None:
    assert list(parse_lock(render(pins)).values()) == pins


def test_continued_lines_comments_and_spellings_of_names() -> None:
    text = f"# requirements: sha256 1\nMsg_Pack==1.2.4 \\\n    {HASH} \\\n    {HASH}  # twice\n"
    assert parse_lock(text) == {"msg-pack": Pin("msg-pack", f"msg-pack==1.2.4 {HASH} {HASH}")}


def test_of_two_pins_the_one_for_this_system_is_taken() -> None:
    text = f"a==1 ; sys_platform == 'darwin' {HASH}\na==2 ; sys_platform == 'linux' {HASH}\n"
    assert [pin.text for pin in parse_lock(text).values()] == [f"a==2 {HASH}"]


@pytest.mark.parametrize("line", ["a==1", f"a>=1 {HASH}", f"a==1.* {HASH}", f"a {HASH}", "--x"])
def test_a_line_that_is_not_a_pin_with_hashes_is_named(line: str) -> None:
    with pytest.raises(ImageToolError, match=r"not a requirement|versions with hashes"):
        parse_lock(f"{line}\n")


def test_requirements_of_other_systems_are_left_out() -> None:
    text = "tensorflow-cpu ; sys_platform == 'linux'\ntensorflow ; sys_platform != 'linux'\n"
    assert [item.name for item in parse_requirements(text)] == ["tensorflow-cpu"]


def test_requirements_keep_their_extras() -> None:
    [asked] = parse_requirements("# what we ask for\nacme[fast]>=1  # why\n")
    assert (asked.name, asked.extras) == ("acme", {"fast"})


def test_a_package_that_the_lock_lacks_is_named_with_its_dependent() -> None:
    with pytest.raises(ImageToolError, match="acme needs left-pad, which the lock lacks"):
        pin_of("left-pad", {}, "acme")
