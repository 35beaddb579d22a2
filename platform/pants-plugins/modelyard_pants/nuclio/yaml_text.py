"""YAML that all parsers read as the same text.

Nuclio reads YAML 1.1 with Go's rules, where `1e3` is a number and `y` a boolean that Python's
parser reads as text, and CVAT's dashboard refuses an annotation that is not a string. So authors'
text is always quoted, and our own if it could be read as something else.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Mapping

import yaml

_PLAIN = re.compile(r"[A-Za-z][\w./:-]*[A-Za-z0-9]")
_OTHER_THAN_TEXT = ("true", "false", "yes", "no", "on", "off", "null", "nan", "inf")


class Quoted(str):
    """A string that is always written in quotes or as a block scalar."""


def render_yaml(document: Mapping[str, Any]) -> bytes:
    """`document` as UTF-8 YAML with its keys in the given order, one line per value."""
    text = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=sys.maxsize,
    )
    return text.encode()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_plain(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _OTHER_THAN_TEXT
    return _scalar(dumper, text, None if plain else "'")


def _represent_quoted(dumper: yaml.SafeDumper, text: Quoted) -> yaml.ScalarNode:
    return _scalar(dumper, text, "|" if "\n" in text else "'")


def _scalar(dumper: yaml.SafeDumper, text: str, style: str | None) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_plain)
_Dumper.add_representer(Quoted, _represent_quoted)
