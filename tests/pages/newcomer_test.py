from pathlib import Path

from pages.blocks import is_run
from pages.document import read_document

PAGE = Path("docs/add-a-detector.md")


def test_a_newcomer_needs_at_most_twelve_commands() -> None:
    """From a new function to an answer over HTTP; `.ci/docs` runs them."""
    blocks = [block.content for block in read_document(PAGE).blocks if is_run(block)]
    commands = "".join(blocks).replace("\\\n", " ").splitlines()
    assert "new-function" in commands[0]
    assert "invoke" in commands[-1]
    assert any("curl" in command for command in commands)
    assert len(commands) <= 12
