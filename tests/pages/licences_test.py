"""The licences on the pages match 3rdparty/models."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.build_files import Target, read_targets

NOT_STATED = "not stated"
WEIGHTS = {
    f"{each.folder}:{each.name}": each
    for each in read_targets("3rdparty/models/BUILD*", "model_weights")
}
CATALOGUE = Path("docs/catalogue.md")
# A table row that begins with a link to a function.
ROW = re.compile(
    r"^\| \[`[\w-]+`\]\((?:\.\./)?(functions/\w+/\w+)/README\.md\) \|.*\| (.*) \|$", re.M
)

LINK = re.compile(r"\]\(([^)]*)\)")
# Functions in the catalogue are described here; those that users add are up to them.
LISTED = set(
    re.findall(r"\((?:\.\./)?(functions/\w+/\w+)/README\.md\)", CATALOGUE.read_text("utf-8"))
)
FUNCTIONS = {
    each.folder: each
    for each in read_targets("functions/*/*/BUILD", "model_function")
    if each.folder in LISTED
}


def weights_of(function: Target) -> list[Target]:
    return [WEIGHTS[function.address(each)] for each in function.fields["weights"]]


def joined(weights: list[Target], field: str) -> str:
    values = [each.fields[field] for each in weights if each.fields.get(field)]
    return " AND ".join(dict.fromkeys(values))


def shown(function: Target) -> str:
    """Return the licences of a function's weights and, if different, code, as written on pages."""
    weights = weights_of(function)
    code = joined(weights, "code_licence")
    return joined(weights, "licence") + (f" (code: {code})" if code else "")


def addresses(function: Target) -> set[str]:
    return {each.fields["licence_stated_at"] for each in weights_of(function)}


def cells(page: Path) -> Iterator[tuple[str, str]]:
    """Yield function and last cell of each row in a page's tables of functions."""
    for found in ROW.finditer(page.read_text(encoding="utf-8")):
        yield found[1], found[2]


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_say_where_their_licence_is_stated(name: str) -> None:
    fields = WEIGHTS[name].fields
    assert fields["licence_stated_at"].startswith("https://")
    assert fields.get("code_licence") != fields["licence"] or fields["licence"] == NOT_STATED
    # Weights without their own terms need at least those of the code.
    assert fields["licence"] != NOT_STATED or fields.get("code_licence")


def test_every_listed_function_is_looked_at() -> None:
    assert FUNCTIONS.keys() == LISTED
    assert len(LISTED) >= 28


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_a_function_has_the_licence_of_its_weights(folder: str) -> None:
    function = FUNCTIONS[folder]
    assert function.fields["licence"] == joined(weights_of(function), "licence")


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_the_page_of_a_function_says_the_same(folder: str) -> None:
    page = Path(folder, "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| Licence \| (.*) \|$", page, re.M)
    assert row.startswith(f"{shown(FUNCTIONS[folder])}: ")
    assert addresses(FUNCTIONS[folder]) <= set(LINK.findall(row))


def test_the_catalogue_says_the_same_of_all() -> None:
    page = CATALOGUE.read_text(encoding="utf-8")
    found = dict(cells(CATALOGUE))
    for section in page.split("\n### ")[1:]:
        link = re.search(
            r"^\| Function \| .*\(\.\./(functions/\w+/\w+)/README\.md\) \|$", section, re.M
        )
        licence = re.search(r"^\| Licence of the weights \| (.*) \|$", section, re.M)
        assert link, section
        assert licence, section
        found[link[1]] = licence[1]
    assert found.keys() == FUNCTIONS.keys()
    for folder, cell in found.items():
        assert cell.startswith(f"{shown(FUNCTIONS[folder])}: ")
        assert set(LINK.findall(cell)) == addresses(FUNCTIONS[folder])
