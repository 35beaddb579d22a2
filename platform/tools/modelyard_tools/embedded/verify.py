"""Testing a new version with a real request before anything depends on it."""

from http import HTTPStatus

from modelyard.serving.protocol.messages import Event, error_text
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.server.pool import WorkerPool


class VerifyError(Exception):
    """The new version did not answer the sample request as it should."""


async def verify(pool: WorkerPool, kind: str) -> None:
    """Send `pool` a valid CVAT request for a function of type `kind`.

    Finding nothing in the sample picture (422) is a valid answer.

    Raises:
        VerifyError: the reply is an error.
    """
    try:
        body = sample_request(kind)
    except ValueError as error:
        raise VerifyError(str(error)) from None
    reply = await pool.call(Event(id="sample", content_type="application/json", body=body))
    if reply.status not in (HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY):
        text = error_text(reply.body)
        raise VerifyError(f"it answered a sample request with {reply.status}: {text}")
