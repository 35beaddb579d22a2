"""`python -m contract_lint.checker CONTRACT FILE…`, with paths of the contract and Python files.

Prints one line per finding, and exits with 1 if there are any. The other files of their folders
must be present too. Uses only the standard library. Needs Python 3.11, whose syntax the code uses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from contract_lint.checker.constants import Constants, constants
from contract_lint.checker.sizes import too_long, too_many
from contract_lint.checker.source import Finding, Source, is_test
from contract_lint.checker.written_out import written_out


def main(arguments: Sequence[str]) -> int:
    """Check the files, and return the exit status."""
    contract, *files = map(Path, arguments)
    known = constants(contract)
    findings = sorted(finding for file in files for finding in _findings(file, contract, known))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def _findings(file: Path, contract: Path, known: Constants) -> Iterator[Finding]:
    if is_test(file):
        return
    try:
        source = Source(file)
    except SyntaxError as error:
        yield Finding(str(file), error.lineno or 1, f"not Python: {error.msg}")
        return
    yield from too_long(source)
    yield from too_many(source)
    if file.parent != contract:
        yield from written_out(source, known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
