"""The files of a layer."""

import pytest

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers.tree import Tree


def test_folders_come_before_what_is_in_them() -> None:
    tree = Tree()
    tree.add_bytes("a/b/c", b"x", executable=True)
    tree.add_link("a-link", "a")
    assert [(path, oct(node.mode)) for path, node in tree] == [
        ("a", "0o755"),
        ("a-link", "0o777"),
        ("a/b", "0o755"),
        ("a/b/c", "0o755"),
    ]


def test_the_same_file_may_come_twice_but_not_another() -> None:
    tree = Tree()
    tree.add_bytes("a/LICENSE", b"x")
    tree.add_bytes("a/LICENSE", b"x")
    with pytest.raises(ImageToolError, match="different files named a/LICENSE"):
        tree.add_bytes("a/LICENSE", b"y")
