"""One deployer at a time."""

import contextlib
from collections.abc import Iterator
from typing import Final

from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.files.lock import LockedError, held

_LONGEST_DEPLOY: Final = 3600.0


@contextlib.contextmanager
def alone(session: Session) -> Iterator[None]:
    """Allow only one deployer at a time to work on a home."""
    home = session.home
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(home.deploy_lock, timeout=0))
        except LockedError as other:
            with session.report.step(f"waiting for another deploy (process {other.holder})"):
                try:
                    stack.enter_context(held(home.deploy_lock, _LONGEST_DEPLOY))
                except LockedError as error:
                    raise DeployError(f"another deploy does not finish: {error}") from None
        yield
