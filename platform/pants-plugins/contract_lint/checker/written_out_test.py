from pathlib import Path

import pytest

from contract_lint.checker.constants import Constant, Constants
from contract_lint.checker.source import Source
from contract_lint.checker.written_out import written_out

_KNOWN: Constants = {
    8070: [Constant("contract.ports", "DASHBOARD")],
    8080: [Constant("contract.ports", "EVENTS"), Constant("contract.ports", "CVAT")],
    "index.json": [Constant("contract.release", "INDEX")],
    "[0-9]+s": [Constant("contract.durations", "_PART")],
}


def _findings(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    path = tmp_path / "a.py"
    path.write_text(text, encoding="utf-8")
    return [(each.line, each.message) for each in written_out(Source(path), _KNOWN)]


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        ("x = 8070", 1, "8070 is in the contract: use contract.ports.DASHBOARD;"),
        ("\nx = 807 * 10", 2, "8070 is in the contract: use contract.ports.DASHBOARD;"),
        ("x = 8080", 1, "use contract.ports.EVENTS or use contract.ports.CVAT;"),
        ("x = a / 'index.json'", 1, "'index.json' is in the contract: use contract.release.INDEX;"),
        ("x = re.compile('^[0-9]+s$')", 1, "call the function that uses contract.durations._PART;"),
        # Not such a comment: it gives no reason, or names another constant.
        ("x = 8070  # contract: DASHBOARD", 1, "use contract.ports.DASHBOARD;"),
        ("x = 8070  # contract: EVENTS is meant", 1, "use contract.ports.DASHBOARD;"),
        ("# contract: DASHBOARD is another\n\nx = 8070", 3, "use contract.ports.DASHBOARD;"),
    ],
)
def test_a_literal_that_repeats_a_constant_is_found(
    tmp_path: Path, text: str, line: int, advice: str
) -> None:
    first = _findings(tmp_path, text)[0]
    assert first[0] == line
    assert advice in first[1]


@pytest.mark.parametrize(
    "text",
    [
        "from contract.ports import DASHBOARD",
        "x = 8071",
        "x = 'the file index.json'",
        "'''index.json'''",
        "x = 1  # index.json",
        "x = 8070  # contract: DASHBOARD is another port",
        "# contract: DASHBOARD is another port\nx = 8070",
        "x = (\n    'index.'\n    'json'  # contract: INDEX is that of an image\n)",
        "x = 8080  # contract: CVAT is not meant",
    ],
)
def test_other_and_allowed_literals_are_ignored(tmp_path: Path, text: str) -> None:
    assert _findings(tmp_path, text) == []


def test_the_message_explains_how_to_allow_it(tmp_path: Path) -> None:
    ((_, message),) = _findings(tmp_path, "x = 8070")
    assert message.endswith("if another thing is meant, state why: # contract: DASHBOARD is …")


@pytest.mark.parametrize("line", ["x = 1", "x = 8080  # contract: CVAT is not meant"])
def test_a_comment_that_allows_nothing_is_found(tmp_path: Path, line: str) -> None:
    found = _findings(tmp_path, f"{line}\nx = 1  # contract: DASHBOARD is another port")
    assert found == [(2, "no literal here has the value of DASHBOARD: delete the comment")]
