"""Tools run by a shell, in place of PEX files."""

from __future__ import annotations

from pathlib import PurePath

from pants.backend.python.util_rules.pex import Script, VenvPex
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.util.frozendict import FrozenDict


def shell_tool(script: str) -> CreateDigest:
    """The files of a tool run by a shell; the real one is a PEX, whose build needs an index."""
    content = f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}".encode()
    return CreateDigest([FileContent("tool", content, is_executable=True)])


def venv_pex_of(digest: Digest) -> VenvPex:
    """A tool made by `shell_tool`, in the form that the rules use."""
    tool = Script(PurePath("tool"))
    return VenvPex(digest, FrozenDict(), "tool", tool, tool, FrozenDict(), "tool")
