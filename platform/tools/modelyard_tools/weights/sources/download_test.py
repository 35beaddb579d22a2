"""Tests of `modelyard_tools.weights.sources.download` against a real server on loopback."""

import io
import socket
from pathlib import Path

import pytest

from modelyard_tools.weights.conftest import CONTENT, Site
from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.download import Policy, download

SIZE = len(CONTENT)
IMPATIENT = Policy(retries=2, longest_pause=0, timeout=(5, 5))


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    return tmp_path / "partial"


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(lines: io.StringIO) -> Progress:
    return Progress("model", lines)


def get(url: str, partial: Path, progress: Progress, size: int = SIZE) -> None:
    download(url, partial, size, progress, IMPATIENT)


def test_the_whole_file_with_progress(
    site: Site, partial: Path, progress: Progress, lines: io.StringIO
) -> None:
    get(site.serve("/m"), partial, progress)
    assert partial.read_bytes() == CONTENT
    assert site.requests == [("/m", None)]
    assert "model: 0.8 MB of 1.5 MB (5" in lines.getvalue()


def test_cut_connections_are_resumed_where_they_broke(
    site: Site, partial: Path, progress: Progress, lines: io.StringIO
) -> None:
    get(site.serve("/m", cuts=[400_000, 500_000]), partial, progress)
    assert partial.read_bytes() == CONTENT
    assert site.requests == [("/m", None), ("/m", "bytes=400000-"), ("/m", "bytes=900000-")]
    assert "cut off at 0.4 MB of 1.5 MB; trying again" in lines.getvalue()


def test_cuts_do_not_use_up_the_retries_while_there_is_progress(
    site: Site, partial: Path, progress: Progress
) -> None:
    get(site.serve("/m", cuts=[300_000] * 4), partial, progress)
    assert partial.read_bytes() == CONTENT
    assert len(site.requests) > IMPATIENT.retries + 1


def test_a_server_that_sends_nothing_is_given_up(
    site: Site, partial: Path, progress: Progress
) -> None:
    with pytest.raises(WeightsError, match="cut off at 0 bytes of "):
        get(site.serve("/m", cuts=[0] * 9), partial, progress)
    assert len(site.requests) == IMPATIENT.retries + 1


def test_what_an_earlier_run_received_is_not_fetched_again(
    site: Site, partial: Path, progress: Progress
) -> None:
    partial.write_bytes(CONTENT[:1_000_000])
    get(site.serve("/m"), partial, progress)
    assert partial.read_bytes() == CONTENT
    assert site.requests == [("/m", "bytes=1000000-")]


def test_a_complete_partial_file_needs_no_server(partial: Path, progress: Progress) -> None:
    partial.write_bytes(CONTENT)
    get("http://127.0.0.1:9/m", partial, progress)
    assert partial.read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_sends_everything_again(
    site: Site, partial: Path, progress: Progress
) -> None:
    get(site.serve("/m", ranges=False, cuts=[400_000]), partial, progress)
    assert partial.read_bytes() == CONTENT
    assert site.requests == [("/m", None), ("/m", "bytes=400000-")]


def test_a_server_that_refuses_the_range_is_asked_for_everything(
    site: Site, partial: Path, progress: Progress
) -> None:
    partial.write_bytes(CONTENT[:1000])
    get(site.serve("/m", statuses=[416]), partial, progress)
    assert partial.read_bytes() == CONTENT
    assert site.requests == [("/m", "bytes=1000-"), ("/m", None)]


def test_an_answer_without_length_is_resumed_too(
    site: Site, partial: Path, progress: Progress
) -> None:
    get(site.serve("/m", sized=False, cuts=[700_000]), partial, progress)
    assert partial.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_errors_are_retried(
    site: Site, partial: Path, progress: Progress, lines: io.StringIO, status: int
) -> None:
    get(site.serve("/m", statuses=[status, status]), partial, progress)
    assert partial.read_bytes() == CONTENT
    assert f"HTTP {status}" in lines.getvalue()


def test_the_pause_a_server_asks_for_is_bounded(
    site: Site, partial: Path, progress: Progress
) -> None:
    url = site.serve("/m", statuses=[503], headers={"Retry-After": "86400"})
    get(url, partial, progress)
    assert partial.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_lasting_errors_are_not_retried(
    site: Site, partial: Path, progress: Progress, status: int
) -> None:
    with pytest.raises(WeightsError, match=f"HTTP {status}"):
        get(site.serve("/m", statuses=[status] * 9), partial, progress)
    assert len(site.requests) == 1


def test_redirects_are_followed(site: Site, partial: Path, progress: Progress) -> None:
    site.serve("/there")
    get(site.serve("/here", location=site.url("/there")), partial, progress)
    assert partial.read_bytes() == CONTENT


def test_a_redirect_to_another_scheme_is_refused(
    site: Site, partial: Path, progress: Progress
) -> None:
    url = site.serve("/m", location="file:///etc/passwd")
    with pytest.raises(WeightsError, match="file:///etc/passwd"):
        get(url, partial, progress)
    assert not partial.exists()


def test_redirect_loops_end(site: Site, partial: Path, progress: Progress) -> None:
    with pytest.raises(WeightsError, match="redirects"):
        get(site.serve("/m", location=site.url("/m")), partial, progress)


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"!"])
def test_a_file_of_another_size_is_refused_before_it_is_transferred(
    site: Site, partial: Path, progress: Progress, content: bytes
) -> None:
    with pytest.raises(WeightsError, match=f"it has {len(content)} bytes, but {SIZE} are pinned"):
        get(site.serve("/m", content=content), partial, progress)
    assert not partial.exists()


def test_a_server_that_does_not_stop_is_left(site: Site, partial: Path, progress: Progress) -> None:
    url = site.serve("/m", content=CONTENT * 2, sized=False)
    with pytest.raises(WeightsError, match=f"more than the {SIZE} bytes"):
        get(url, partial, progress)
    assert not partial.exists()


def test_a_missing_server_is_reported_in_one_line(partial: Path, progress: Progress) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/m"
        with pytest.raises(WeightsError, match=r"^.*Connection refused$") as caught:
            get(url, partial, progress)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_asked_once(partial: Path) -> None:
    lines = io.StringIO()
    for url in ("http://127.0.0.1:9/m", "http://no-such-host.invalid/m"):
        with pytest.raises(WeightsError):
            get(url, partial, Progress("model", lines))
    assert "trying again" not in lines.getvalue()


def test_an_unknown_host_is_reported_in_one_line(partial: Path, progress: Progress) -> None:
    with pytest.raises(WeightsError, match=r"^\[Errno -\d+\] [ \w]+$"):
        get("http://no-such-host.invalid/m", partial, progress)


def test_plain_http_to_a_tls_url_is_an_error(site: Site, partial: Path, progress: Progress) -> None:
    url = site.serve("/m").replace("http:", "https:")
    with pytest.raises(WeightsError, match="SSL"):
        get(url, partial, progress)
