"""Explanations of logs as Nuclio, Docker and Python write them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard_tools.deployer.core.diagnosis import MOST_LINES, explain

PROCESSOR = """\
24.03.10 12:00:00.123                 processor (D) Read configuration {"config": "{}"}
24.03.10 12:00:00.456    cessor.http.w0.python (D) Using Python wrapper script path
24.03.10 12:00:00.457    cessor.http.w0.python (D) Running wrapper {"command": "python3 -u w.py"}
"""
WRAPPER = """\
Caught unhandled exception while initializing
Traceback (most recent call last):
  File "/opt/nuclio/_nuclio_wrapper.py", line 417, in run_wrapper
    wrapper_instance = Wrapper(root_logger,
                       ^^^^^^^^^^^^^^^^^^^^
  File "/opt/nuclio/_nuclio_wrapper.py", line 85, in __init__
    self._entrypoint = self._load_entrypoint_from_handler(handler)
  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
  File "<frozen importlib._bootstrap>", line 1204, in _gcd_import
  File "/opt/modelyard/srcs/acme/detector.py", line {line}, in {function}
    {code}
{error}
"""
PANIC = """\
panic: Wrapper process for worker 0 exited unexpectedly with: exit status 1

goroutine 35 [running]:
github.com/nuclio/nuclio/pkg/processor/runtime/rpc.(*AbstractRuntime).watchWrapperProcess(0xc0003)
\t/nuclio/pkg/processor/runtime/rpc/abstract.go:487 +0x3e6
created by github.com/nuclio/nuclio/pkg/processor/runtime/rpc.(*AbstractRuntime).startWrapper
"""


def failed(error: str, code: str = "import torch", function: str = "<module>") -> str:
    wrapper = WRAPPER.format(line=7, function=function, code=code, error=error)
    return PROCESSOR + wrapper + PANIC


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (failed("ModuleNotFoundError: No module named 'torch'"), "the module torch is missing"),
        (
            failed("ImportError: libGL.so.1: cannot open shared object file: No such file"),
            "the system library libGL.so.1 is missing",
        ),
        (
            failed(
                "FileNotFoundError: [Errno 2] No such file or directory: "
                "'/opt/modelyard/weights/model.onnx'",
                "open(path)",
                "load",
            ),
            "its weights are missing",
        ),
        (
            failed(
                "RuntimeError: PytorchStreamReader failed reading zip archive: failed finding "
                "central directory",
                "torch.load(path)",
                "load",
            ),
            "its weights are missing, damaged",
        ),
        (failed("MemoryError", "numpy.zeros(shape)", "load"), "it ran out of memory"),
        (
            failed(
                "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
                "model.cuda()",
                "load",
            ),
            "the GPU has too little free memory",
        ),
        (
            failed("RuntimeError: Found no NVIDIA driver on your system.", "model.cuda()", "load"),
            "no usable GPU",
        ),
        (
            failed(
                "ImportError: /opt/modelyard/deps/lib/python3.11/site-packages/numpy/core/"
                "_multiarray.so: undefined symbol: _PyUnicode_Ready"
            ),
            "the wrong interpreter",
        ),
        (
            failed("ImportError: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found"),
            "the wrong interpreter",
        ),
        (
            failed("OSError: [Errno 30] Read-only file system: '/root/.cache'", "mkdir()"),
            "it may not write there",
        ),
    ],
)
def test_the_traceback_and_its_probable_cause(log: str, cause: str) -> None:
    lines = explain(log).splitlines()
    assert lines[0].startswith(f"probable cause: {cause}")
    error = next(line for line in log.splitlines() if "Error" in line and line[0] != " ")
    assert lines[-1] == error
    assert any("acme/detector.py" in line for line in lines)
    assert not any("_nuclio_wrapper" in line or "goroutine" in line for line in lines)
    assert len(lines) <= MOST_LINES


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (
            "docker: Error response from daemon: driver failed programming external connectivity "
            "on endpoint nuclio-nuclio-a (6d3a): Bind for 0.0.0.0:20001 failed: port is already "
            "allocated.",
            "its port is taken",
        ),
        (
            "docker: Error response from daemon: pull access denied for modelyard/a, repository "
            "does not exist or may require 'docker login': denied",
            "the image is not here",
        ),
        (
            'docker: Error response from daemon: could not select device driver "" with '
            "capabilities: [[gpu]].",
            "the engine cannot give GPUs",
        ),
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker "
            "daemon running?",
            "the Docker engine is not running",
        ),
        ("fork/exec /bin/sh: argument list too long", "its configuration is too large"),
        (
            "open /var/lib/docker/tmp/x: no space left on device",
            "the disk is full",
        ),
        ("exec /usr/local/bin/processor: exec format error", "the image was built for another"),
        ("Container exited with status: 137", "it ran out of memory"),
        (PROCESSOR + "Function wasn't ready in time. Logs:", "it did not get ready in time"),
    ],
)
def test_what_has_no_traceback(log: str, cause: str) -> None:
    lines = explain(log).splitlines()
    assert lines[0].startswith(f"probable cause: {cause}")
    assert lines[-1] == log.splitlines()[-1]


def test_a_traceback_inside_a_json_string_is_found() -> None:
    message = json.dumps(failed("ModuleNotFoundError: No module named 'cv2'"))
    lines = explain(message).splitlines()
    assert lines[0].startswith("probable cause: the module cv2 is missing")
    assert lines[-1] == "ModuleNotFoundError: No module named 'cv2'"


def test_the_last_of_several_tracebacks_counts() -> None:
    log = failed("ModuleNotFoundError: No module named 'first'") + failed("KeyError: 'labels'")
    lines = explain(log).splitlines()
    assert lines[-1] == "KeyError: 'labels'"
    assert not any("first" in line for line in lines)


def test_a_deep_traceback_keeps_what_is_next_to_the_error() -> None:
    deep = "".join(f'  File "/a/m{i}.py", line {i}, in f\n    g()\n' for i in range(50))
    log = f"Traceback (most recent call last):\n{deep}ValueError: deep\n"
    lines = explain(log).splitlines()
    assert lines[0].lstrip().startswith('File "')
    assert lines[-1] == "ValueError: deep"
    assert "m49.py" in lines[-3]


@given(st.text())
def test_any_text_gives_a_few_lines_of_bounded_width(log: str) -> None:
    lines = explain(log).splitlines()
    assert len(lines) <= MOST_LINES
    assert all(len(line) <= 300 for line in lines)
