"""Why a function does not start, in a few lines from a long log."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

# Ten, together with what failed and what serves now.
MOST_LINES: Final = 7
_WIDEST: Final = 300

_TRACEBACK: Final = "Traceback (most recent call last):"
# What precedes a traceback's last line: frames, and code with the marks below it.
_FRAME: Final = re.compile(r"^\s+\S")
_ERROR: Final = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(: (?P<text>.*))?$")
# Frames of the code that runs every function say nothing about this one.
_OUR_FRAMES: Final = (
    "_nuclio_wrapper.py",
    "<frozen ",
    "/modelyard/serving/worker/",
    "/importlib/",
)


# The goroutine dump that a crashing Go program prints.
_DUMP: Final = re.compile(r"^goroutine \d+ \[", re.MULTILINE)


class _Cause(NamedTuple):
    pattern: re.Pattern[str]
    advice: str


def _cause(pattern: str, advice: str) -> _Cause:
    return _Cause(re.compile(pattern, re.IGNORECASE), advice)


# The first match wins: the more specific ones come first.
_CAUSES: Final = (
    _cause(
        r"No space left on device|disk quota exceeded",
        "the disk is full; `docker system df` shows what uses it",
    ),
    _cause(
        r"Cannot connect to the Docker daemon|is the docker daemon running",
        "the Docker engine is not running; start it, and deploy again",
    ),
    _cause(
        r"could not select device driver|nvidia-container-cli|unknown runtime.*nvidia",
        "the engine cannot give GPUs to containers: install the NVIDIA Container Toolkit",
    ),
    _cause(
        r"CUDA out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation",
        "the GPU has too little free memory: stop what else uses it, or use fewer workers",
    ),
    _cause(
        r"CUDA driver version is insufficient|no CUDA-capable device|Found no NVIDIA driver",
        "no usable GPU: the driver is missing or too old for the libraries of the image",
    ),
    _cause(
        r"port is already allocated|address already in use|port \d+ is already taken",
        "its port is taken: stop the process that has it, or set another `port` in the BUILD file",
    ),
    _cause(
        r"No such image|pull access denied|manifest (for \S+ )?(is )?(not found|unknown)",
        "the image is not here: load it with `./pants run <function>#<variant>-nuclio -- load`, "
        "or publish it to a registry",
    ),
    _cause(
        r"argument list too long",
        "its configuration is too large for Nuclio's docker command line: shorten its labels",
    ),
    _cause(
        r"exec format error|exec user process caused",
        "the image was built for another processor architecture",
    ),
    _cause(
        r"GLIBC(XX)?_[\d.]+' not found|undefined symbol: _?Py|bad magic number in|"
        r"python[\d.]*\"?: (executable file )?(not found|no such file)|wrong ELF class|"
        r"Module use of python3\d+\.dll conflicts|incompatible.*Python version",
        "the wrong interpreter: the image's Python or C library is not the one that its packages "
        "were built for",
    ),
    _cause(
        r"No module named '?(?P<what>[\w.]+)",
        "the module {what} is missing: add its package to the function's resolve, or fix the "
        "import",
    ),
    _cause(
        r"(?P<what>lib\S+\.so[\d.]*): cannot open shared object file",
        "the system library {what} is missing: set a `base_image` that has it",
    ),
    _cause(
        r"(FileNotFoundError|No such file|AssetError|cannot read|does not exist|checksum|digest)"
        r"[^\n]*\b(weights|assets)|"
        r"\.(pth|pt|onnx|bin|xml|pb|weights|safetensors)\b[^\n]*"
        r"(No such file|does not exist|not found|corrupt)|"
        r"No such file[^\n]*\.(pth|pt|onnx|bin|xml|pb|weights|safetensors)\b|"
        r"PytorchStreamReader failed|size mismatch for ",
        "its weights are missing, damaged, or not those of this model",
    ),
    _cause(
        r"MemoryError|Cannot allocate memory|out of memory|OOMKilled|std::bad_alloc|"
        r"signal: killed|exit(ed)?( with)?( status| code)?:? ?137|DefaultCPUAllocator",
        "it ran out of memory: raise `memory` in the BUILD file, or use fewer workers",
    ),
    _cause(
        r"Permission denied|Read-only file system",
        "it may not write there: functions do not run as root; write only to /tmp",
    ),
    _cause(
        r"not (ready|healthy) (in time|within)|wasn't (ready|healthy) in time|did not end",
        "it did not get ready in time: it is still loading, or waiting for something; raise its "
        "readiness timeout if loading just takes longer",
    ),
)


def explain(log: str) -> str:
    """Return the probable cause and the Python error behind it, at most `MOST_LINES` lines.

    `log` is what was printed when it failed: an engine's or Nuclio's message, a container's log, or
    all of them in sequence. If nothing is recognised in it, its last lines are returned.
    """
    log = _plain(log)
    error = _last_traceback(log)
    # Everything before it belongs to another start.
    latest = log[log.rfind(_TRACEBACK) :] if error else log
    advice = _advice("\n".join(error)) or _advice(latest)
    head = [f"probable cause: {advice}"] if advice else []
    rest = (error or _telling(log))[-(MOST_LINES - len(head)) :]
    # A line of code means nothing without its location.
    while error and len(rest) > 1 and not rest[0].lstrip().startswith('File "'):
        del rest[0]
    return "\n".join(line[:_WIDEST] for line in (*head, *rest))


def _plain(log: str) -> str:
    """Return the log with the line breaks that JSON had escaped, and without colours."""
    if log.count("\\n") > log.count("\n"):
        log = log.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
    return re.sub(r"\x1b\[[0-9;]*m", "", log)


def _advice(text: str) -> str:
    for cause in _CAUSES:
        found = cause.pattern.search(text)
        if found:
            return cause.advice.format(**found.groupdict())
    return ""


def _last_traceback(log: str) -> list[str]:
    """Return the frames of the function's own code and the error of the last traceback."""
    start = log.rfind(_TRACEBACK)
    if start < 0:
        return []
    lines = log[start:].splitlines()[1:]
    frames: list[str] = []
    for line in lines:
        if _FRAME.match(line):
            frames.append(line)
            continue
        if _ERROR.match(line):
            return [*_own(frames), line]
        break
    return []


def _own(frames: Sequence[str]) -> list[str]:
    """Return the frames of the function's own code, or all of them if it has none."""
    groups: list[list[str]] = []
    for line in frames:
        if line.lstrip().startswith('File "') or not groups:
            groups.append([])
        groups[-1].append(line)
    own = [group for group in groups if not any(part in group[0] for part in _OUR_FRAMES)]
    return [line for group in own or groups for line in group]


def _telling(log: str) -> list[str]:
    """Return the last informative lines before a goroutine dump."""
    lines = _DUMP.split(log)[0].splitlines()
    return [line for line in lines if line.strip()]
