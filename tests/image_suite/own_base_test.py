"""A function on a base of the author's own, made by a Dockerfile with a RUN step."""

from collections.abc import Callable
from pathlib import Path

from image_suite.conftest import Container, docker, loaded


def test_what_a_dockerfile_ran_is_below_the_function(
    images: Path, start: Callable[..., Container]
) -> None:
    container = start(loaded(images / "on-own-base" / "cpu" / "image"))
    container.wait_until_healthy()
    reply = container.ask_for_the_cat()
    assert reply.status_code == 200, container.logs
    assert [shape["label"] for shape in reply.json()] == ["object"]
    read = "import os; print(open('/opt/own').read(), os.environ['OWN'], os.getuid())"
    assert docker("exec", container.id, "/usr/bin/python3.11", "-c", read) == "run set 65532"
