"""The new text of a file, by the kind of file it is."""

from links import relinked
from python import UnsupportedError, rewritten
from text import TextRules


def new_text(path: str, text: str, rules: TextRules) -> str:
    """Return the new content of a file with this content.

    Raises:
        UnsupportedError: an import has a form that is not rewritten.
    """
    if path.endswith(".py"):
        try:
            return rewritten(text, rules)
        except UnsupportedError as error:
            raise UnsupportedError(f"{path}: {error}") from None
    if path.endswith(".md"):
        text = relinked(text, path)
    return rules.apply(text)
