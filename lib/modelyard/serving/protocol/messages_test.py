"""The frames between a pool and its workers."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelyard.serving.protocol.messages import (
    HEADER,
    MAX_FRAME_BYTES,
    Answer,
    Call,
    Event,
    FromWorker,
    ProtocolError,
    Ready,
    Reply,
    Stop,
    ToWorker,
    checked_length,
    decode_from_worker,
    decode_to_worker,
    encode,
)

texts = st.text(max_size=20)
maps = st.dictionaries(texts, texts, max_size=3)
events = st.builds(Event, id=texts, headers=maps, fields=maps, body=st.binary(max_size=99))
replies = st.builds(Reply, status=st.integers(200, 599), body=st.binary(max_size=99), headers=maps)


@given(st.one_of(st.builds(Call, st.integers(0, 2**63), events), st.just(Stop())))
def test_what_a_pool_sends_arrives(message: ToWorker) -> None:
    frame = encode(message)
    assert HEADER.unpack_from(frame) == (len(frame) - HEADER.size,)
    assert decode_to_worker(memoryview(frame)[HEADER.size :]) == message


@given(st.one_of(st.builds(Answer, st.integers(0, 2**63), replies), st.just(Ready(1, 0.5))))
def test_what_a_worker_sends_arrives(message: FromWorker) -> None:
    assert decode_from_worker(memoryview(encode(message))[HEADER.size :]) == message


@given(st.binary(max_size=50))
@example(b"")
@example(b"\x81\xa4kind\xa5event")
@example(b"\x81\xa4kind\xa5ready")
@example(b"\x82\xa4kind\xa6failed\xa5error\xa1\xff")
@example(b"\x82\xa4kind\xa6failed\xa1x" + b"\x91" * 100_000)
def test_noise_is_never_another_error_than_ours(noise: bytes) -> None:
    for decode in (decode_to_worker, decode_from_worker):
        with suppress(ProtocolError):
            decode(noise)


def test_noise_is_named() -> None:
    with pytest.raises(ProtocolError, match="the worker sent an unknown message"):
        decode_from_worker(b"\xc1")
    with pytest.raises(ProtocolError, match="the pool sent an unknown message"):
        decode_to_worker(b"\x81\xa4kind\xa5ready")


def test_a_frame_has_a_largest_length() -> None:
    assert checked_length(MAX_FRAME_BYTES) == MAX_FRAME_BYTES
    with pytest.raises(ProtocolError, match="at most"):
        checked_length(MAX_FRAME_BYTES + 1)
