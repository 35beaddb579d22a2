"""`docker image …` and `docker pull` of the docker double."""

import json
from typing import Any

from modelyard_tools.deployer.nuclio.testing.engine import Engine, RefusedError


def _image_inspect(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    found, missing = [], []
    for word in words:
        try:
            image = engine.image(word)
        except RefusedError as error:
            missing.append(str(error))
            continue
        names = [name for name, each in engine.images.items() if each["Id"] == image["Id"]]
        check = {"Test": ["CMD", "true"]} if image["Healthcheck"] else None
        found.append(
            {
                "Id": image["Id"],
                "RepoTags": names,
                "Config": {
                    "Labels": image["Labels"],
                    "Healthcheck": check,
                    "Env": [f"{name}={value}" for name, value in image["Env"].items()],
                },
            }
        )
    return json.dumps(found), "\n".join(missing)


def _image_ls(engine: Engine, _: Any, __: list[str]) -> tuple[str, str]:
    return "".join(f"{name}\n" for name in engine.images), ""


def _image_tag(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    engine.images[words[1]] = engine.image(words[0])
    return "", ""


def _image_rm(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    for word in words:
        engine.image(word)
        del engine.images[word]
    return "", ""


def _pull(engine: Engine, _: Any, words: list[str]) -> tuple[str, str]:
    raise RefusedError(
        f"Error response from daemon: pull access denied for {words[0].rpartition(':')[0]}, "
        "repository does not exist or may require 'docker login': denied: requested access to the "
        "resource is denied"
    )


IMAGE_COMMANDS = {
    "image inspect": _image_inspect,
    "image ls": _image_ls,
    "image tag": _image_tag,
    "image rm": _image_rm,
    "pull": _pull,
}
