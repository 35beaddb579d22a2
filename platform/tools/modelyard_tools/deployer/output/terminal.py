"""Chooses the report for where the output goes."""

import sys

from modelyard_tools.deployer.output.report import Report


def make_report() -> Report:
    """Return a report in colours if both outputs are a terminal, else a plain one."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return Report(sys.stdout, sys.stderr)
    from modelyard_tools.deployer.output.rich_report import RichReport  # noqa: PLC0415 - is slow

    return RichReport(sys.stdout, sys.stderr)
