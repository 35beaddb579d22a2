"""Compiles modules in a separate process; uses only the standard library, started by its path.

Reads a list of (path, source) from stdin and writes one of (path, .pyc) to stdout, in `marshal`'s
format. The bytes of a .pyc also depend on the order of sets and on other objects in the process;
both are the same in every such process.
"""

import importlib.util
import marshal
import sys
import warnings

_UNCHECKED_HASH = (1).to_bytes(4, "little")


def compile_module(path: str, text: bytes) -> bytes | None:
    """Return the .pyc of a module; None if it is not Python of this version."""
    try:
        code = compile(text, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError):
        return None
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(text)
    return header + marshal.dumps(code)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    given = marshal.load(sys.stdin.buffer)  # noqa: S302 - of the process that started this one
    compiled = [(path, compile_module(path, text)) for path, text in given]
    marshal.dump([(path, pyc) for path, pyc in compiled if pyc], sys.stdout.buffer)
