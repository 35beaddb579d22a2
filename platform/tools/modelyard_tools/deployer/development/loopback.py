"""Ports of this machine's loopback interface that are given on the command line."""

import socket
from typing import Final

from modelyard.serving.server.listening import ListenError, listen
from modelyard_tools.deployer.core.errors import DeployError

HOST: Final = "127.0.0.1"


def listen_here(port: int, option: str) -> socket.socket:
    """Return a socket that listens on `port`.

    Raises:
        DeployError: it is taken; the text names the `option` that chooses another.
    """
    try:
        return listen(HOST, port)
    except ListenError as error:
        raise DeployError(f"{error}; choose another with {option}") from None
