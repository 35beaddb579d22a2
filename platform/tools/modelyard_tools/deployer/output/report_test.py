import io
import os
import pty
import subprocess
import sys

from modelyard_tools.deployer.output.report import Report
from modelyard_tools.testing.releases import absolute_search_path

# Shows one of everything on its output, whatever that is.
SCRIPT = """
from modelyard_tools.deployer.output.terminal import make_report

report = make_report()
with report.step("working"):
    pass
report.table(("State", "URL"), [("ready", "http://127.0.0.1:12345/" + "x" * 100)])
report.error("it failed\\nbecause")
"""


def test_plain_tables_have_aligned_columns() -> None:
    out = io.StringIO()
    Report(out, io.StringIO()).table(("A", "Name"), [("long", "x"), ("", "y")])
    assert out.getvalue() == "A     Name\nlong  x\n      y\n"


def test_without_a_terminal_there_are_plain_lines() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(absolute_search_path())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"State  URL\nready  http://127.0.0.1:12345/{'x' * 100}\n"
    assert done.stderr == "working …\nit failed\nbecause\n"


def test_on_a_terminal_there_are_colours_and_no_broken_url() -> None:
    near, far = pty.openpty()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(absolute_search_path()),
        "TERM": "xterm-256color",
        "COLUMNS": "80",
    }
    with open(near, "rb", buffering=0) as terminal:
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            stdin=far,
            stdout=far,
            stderr=far,
            check=True,
        )
        shown = terminal.read(1 << 16).decode()
        os.close(far)
    assert "\x1b[32mready" in shown
    assert f"http://127.0.0.1:12345/{'x' * 100}" in shown
    assert "\x1b[1;31mit failed" in shown
