"""Checks that the pages' links resolve."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pages.document import Document


def problems(documents: Mapping[Path, Document]) -> Iterator[str]:
    """Yield broken links, one line each.

    Keys are resolved paths. External links are not checked.
    """
    for document in documents.values():
        for link in document.links:
            problem = _problem(document, link.text, documents)
            if problem:
                yield f"{document.path}:{link.line}: {problem}"


def _problem(document: Document, href: str, documents: Mapping[Path, Document]) -> str | None:
    address = urlsplit(href)
    if address.scheme or address.netloc:
        return None
    target = (document.path.parent / unquote(address.path)) if address.path else document.path
    if not target.exists():
        return f"the link {href} leads nowhere"
    if not address.fragment:
        return None
    other = documents.get(target.resolve())
    if other is None:
        return f"the link {href} has an anchor but its target is not a page"
    if address.fragment not in other.anchors:
        return f"the link {href} names a heading that {target.name} does not have"
    return None
