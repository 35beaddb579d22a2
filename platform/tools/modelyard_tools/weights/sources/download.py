"""Files over HTTP, with resume and retries."""

import socket
from pathlib import Path
from typing import Final

import msgspec
import requests
import urllib3
from urllib3.util import Retry

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress, megabytes

_CHUNK: Final = 256 * 1024
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Policy(msgspec.Struct, frozen=True):
    """How patient a download is.

    Attributes:
        retries: Attempts after the first that may fail in a row without receiving anything.
        backoff: First pause in seconds; it doubles with each failure.
        longest_pause: Seconds; also limits the pause that a server asks for.
        timeout: Seconds to connect, and between two pieces of a response.
    """

    retries: int = 3
    backoff: float = 0.5
    longest_pause: int = 20
    timeout: tuple[float, float] = (15.0, 60.0)

    def budget(self) -> Retry:
        """Return a fresh retry budget in urllib3's form."""
        return Retry(
            total=self.retries,
            backoff_factor=self.backoff,
            backoff_max=self.longest_pause,
            retry_after_max=self.longest_pause,
        )


class _PassingError(Exception):
    """A transfer failed in a way that may be temporary."""

    def __init__(self, reason: str, response: requests.Response | None = None) -> None:
        super().__init__(reason)
        self.response = response


def download(
    url: str, partial: Path, size: int, progress: Progress, policy: Policy | None = None
) -> None:
    """Write the `size` bytes at `url` (http or https) to `partial`, resuming where it ends.

    Redirects are followed. The caller, who knows the digest, verifies the bytes. On failure, the
    received part stays in `partial` and the next call resumes from it.

    Raises:
        WeightsError: the server refuses, has a file of another size, or cannot be reached within
            the retries of `policy`; unknown hosts and refused connections are not retried. The
            text is the reason.
    """
    policy = policy or Policy()
    budget = policy.budget()
    transfer = _Transfer(url, partial, size, progress)
    while transfer.received < size:
        before = transfer.received
        try:
            transfer.attempt(policy.timeout)
        except _PassingError as error:
            if transfer.received >= before + _CHUNK:
                budget = policy.budget()
            budget = _after_failure(budget, error)
            progress.say(f"{error}; trying again")
            budget.sleep(error.response.raw if error.response is not None else None)


def _after_failure(budget: Retry, error: _PassingError) -> Retry:
    try:
        return budget.increment("GET", error=error)
    except urllib3.exceptions.MaxRetryError:
        raise WeightsError(str(error)) from error


class _Transfer(msgspec.Struct, frozen=True):
    """A running transfer; fields are the arguments of `download`."""

    url: str
    partial: Path
    size: int
    progress: Progress

    @property
    def received(self) -> int:
        """Return the number of bytes received so far."""
        return self.partial.stat().st_size if self.partial.exists() else 0

    def attempt(self, timeout: tuple[float, float]) -> None:
        """Request the missing bytes once.

        Raises:
            WeightsError: a retry would not help.
            _PassingError: a retry may help.
        """
        # Otherwise a server may compress, and sizes and ranges would not be those of the file.
        headers = {"Accept-Encoding": "identity"}
        if self.received:
            headers["Range"] = f"bytes={self.received}-"
        try:
            response = requests.get(self.url, headers=headers, stream=True, timeout=timeout)
        except (requests.ConnectionError, requests.Timeout) as error:
            cause = _cause(error)
            # Many functions might otherwise wait for an absent server at each deployment.
            if isinstance(cause, socket.gaierror | ConnectionRefusedError):
                raise WeightsError(str(cause)) from error
            raise _PassingError(str(cause)) from error
        except requests.RequestException as error:
            raise WeightsError(str(_cause(error))) from error
        with response:
            offset = self._start(response)
            self.progress.start(offset)
            self._receive(response, offset)

    def _start(self, response: requests.Response) -> int:
        """Return the offset in the file where the body starts: after the received part, or 0."""
        status = f"HTTP {response.status_code} {response.reason}".rstrip()
        if response.status_code in _PASSING:
            raise _PassingError(status, response)
        if self.received and response.status_code in {206, 416}:
            range_ = response.headers.get("Content-Range", "")
            if range_.startswith(f"bytes {self.received}-"):
                return self.received
            self.partial.unlink()
            raise _PassingError("it cannot resume a transfer, so this starts from the beginning")
        if response.status_code != 200:
            raise WeightsError(status)
        announced = response.headers.get("Content-Length")
        if announced is not None and announced != str(self.size):
            raise WeightsError(f"it has {announced} bytes, but {self.size} are pinned")
        return 0

    def _receive(self, response: requests.Response, offset: int) -> None:
        self.partial.parent.mkdir(parents=True, exist_ok=True)
        cause = None
        with self.partial.open("ab" if offset else "wb") as file:
            try:
                # The raw stream: a body that is compressed anyway fails the digest check.
                for piece in response.raw.stream(_CHUNK, decode_content=False):
                    offset += file.write(piece)
                    self.progress.transferred(offset, self.size)
                    if offset > self.size:
                        break
            except urllib3.exceptions.HTTPError as error:
                cause = error
        if offset > self.size:
            self.partial.unlink()
            raise WeightsError(f"it sends more than the {self.size} bytes that are pinned")
        if offset < self.size:
            cut = f"cut off at {megabytes(offset)} of {megabytes(self.size)}"
            raise _PassingError(cut) from cause


def _cause(error: BaseException) -> BaseException:
    """Return the first cause of an error that requests and urllib3 wrapped several times."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error
