"""The entry points for Nuclio: `modelyard.serving.worker.nuclio:handler` and `init_context`.

Both are defined here, since Nuclio looks for `init_context` in the module that
defines the handler. Our own worker uses the same two.

Settings (environment): MODELYARD_ASSETS, the folder of the function's assets;
MODELYARD_DEVICE, where the model runs; MODELYARD_THREADS, how many threads one
worker may use; MODELYARD_IMAGE_CACHE, bytes of decoded images to cache;
MODELYARD_MAX_PIXELS, how many pixels an image may have.
"""

import json
import os
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import cv2

from modelyard.annotation import RequestError
from modelyard.imaging import limits_from_env
from modelyard.inference.device import Device
from modelyard.inference.threads import threads_from_env, wait_asleep
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.cache import DEFAULT_IMAGE_BYTES, ImageCache
from modelyard.serving.author.model import NotWrittenError
from modelyard.serving.worker.endpoint import Endpoint
from modelyard.serving.worker.event import raw_body
from modelyard.serving.worker.failures import internal_error
from modelyard.serving.worker.loading import load_model, warm_up
from modelyard_contract import variables
from modelyard_contract.images import HOME

_JSON: Final = "application/json"


def init_context(context: Any) -> None:
    """Load the model, run it once, and keep it in `context.user_data`.

    Raises:
        Exception: the model cannot be loaded or run; the worker then exits.
    """
    context.user_data.endpoint = open_endpoint(os.environ)


def handler(context: Any, event: Any) -> Any:
    """Answer one of CVAT's requests; always a JSON response.

    Errors of the client get a 4xx and one line, ours a 500 and the id of the
    traceback in the log. A model that is not written yet gets a 501 and one line.
    """
    try:
        reply = context.user_data.endpoint.answer(_body_of(event))
    except RequestError as error:
        return _refusal(context, error.status, error.message)
    except NotWrittenError as error:
        return _refusal(context, HTTPStatus.NOT_IMPLEMENTED, str(error))
    except Exception as error:
        return internal_error(context, event.id, error)
    return context.Response(body=reply, content_type=_JSON, status_code=200)


def _refusal(context: Any, status: int, message: str) -> Any:
    body = json.dumps({"error": message})
    return context.Response(body=body, content_type=_JSON, status_code=status)


def open_endpoint(env: Mapping[str, str]) -> Endpoint:
    """Return the endpoint for these settings, with its model loaded and warmed up."""
    assets = open_assets(env)
    limits = limits_from_env(env)
    wait_asleep()
    cv2.setNumThreads(threads_from_env(env))
    model = load_model(assets, Device.from_env(env))
    warm_up(model)
    cached_bytes = int(env.get(variables.IMAGE_CACHE) or DEFAULT_IMAGE_BYTES)
    return Endpoint(model, assets, ImageCache(cached_bytes, limits))


def open_assets(env: Mapping[str, str]) -> Assets:
    """Return the function's assets, from the folder in these settings."""
    return Assets.open(Path(env.get(variables.ASSETS) or HOME))


def _body_of(event: Any) -> bytes | str | Mapping[str, Any]:
    """Return the body as text or as the object that Nuclio has decoded.

    Raises:
        RequestError: it was decoded to something other than an object.
    """
    body = raw_body(event)
    if isinstance(body, bytes | str | Mapping):
        return body
    raise RequestError(400, "the body must be a JSON object with the fields of a request")
