"""Helpers for tests of skeletons."""

from collections.abc import Iterable


def drawing_of(joints: Iterable[str], bones: Iterable[tuple[str, str]] = ()) -> str:
    """Return a skeleton's drawing as CVAT writes it, with each joint's name as its node id."""
    circles = (
        f'<circle r="1" cx="{10 * place}" cy="50" data-type="element node" '
        f'data-element-id="{name}" data-node-id="{name}" data-label-name="{name}"></circle>'
        for place, name in enumerate(joints)
    )
    lines = (
        f'<line data-type="edge" data-node-from="{start}" data-node-to="{end}"></line>'
        for start, end in bones
    )
    return "".join((*circles, *lines))
