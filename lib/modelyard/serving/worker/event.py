"""Converts our events to Nuclio's."""

import datetime
import json
import sys
from functools import cached_property
from typing import Any

import nuclio_sdk

from modelyard.serving.protocol.messages import Event


class HttpEvent(nuclio_sdk.Event):  # type: ignore[misc]  # the SDK carries no types
    """An event of an HTTP trigger, whose JSON body is decoded only when read.

    Our own handler parses the bytes into types. Decoding them into plain objects
    first would double the cost of a large image.
    """

    def __init__(self, event: Event) -> None:
        """Copy all fields; `timestamp` becomes a naive UTC datetime, as in Nuclio."""
        timestamp = datetime.datetime.fromtimestamp(event.timestamp, datetime.UTC)
        super().__init__(
            content_type=event.content_type,
            trigger=nuclio_sdk.TriggerInfo("http", "default-http"),
            fields=dict(event.fields),
            headers=dict(event.headers),
            _id=event.id,
            method=event.method,
            path=event.path,
            size=len(event.body),
            timestamp=timestamp.replace(tzinfo=None),
            url=event.url,
            shard_id=0,
            num_shards=0,
            _type="",
            type_version="",
            version="",
        )
        # The base class's plain attribute would hide the property.
        del self.body
        self._raw = event.body

    @cached_property
    def body(self) -> Any:
        """The decoded JSON if the content type is exactly application/json, else the bytes.

        Bytes that are not JSON are returned unchanged, with a line on stderr.
        """
        if self.content_type != "application/json":
            return self._raw
        try:
            return json.loads(self._raw.decode())
        except (ValueError, RecursionError) as error:
            print(f"event {self.id}: the body is not JSON: {error}", file=sys.stderr)
            return self._raw

    def to_json(self) -> str:
        """Return all fields as JSON text, with the body decoded."""
        _ = self.body
        return str(super().to_json())


def raw_body(event: Any) -> Any:
    """Return the body of a Nuclio event, as bytes if it was not decoded yet."""
    return event._raw if isinstance(event, HttpEvent) else event.body
