"""The health check of an image: `python -I -S health_check.py PORT SECONDS FOLDER`.

Asks PORT for /ready. Exit code 0: it is ready; 1: it is not, or does not answer. Until the function
has been ready, the check answers immediately, since deployments wait for that; from then on it
answers after waiting SECONDS. Engines count their interval from the end of a check, and Debian's
engine has one interval for both phases, so the wait keeps an idle function cheap.

FOLDER records that the function has been ready. It has to be empty when a container starts, as
/dev/shm is; if it cannot be written, all checks answer immediately.
"""

# Not `socket`, which takes longer to import than Python to start.
import _socket
import os
import sys
import time

# For each step of a request.
PATIENCE = 2.0
_REQUEST = b"GET /ready HTTP/1.0\r\n\r\n"
_STATUS = slice(9, 12)


def main(port: int, seconds: float, folder: str) -> int:
    """Check, waiting if the function was ready before; return the exit code."""
    mark = mark_of(port, folder)
    ready, words = is_ready(port), ("ready", "not ready")
    if ready and os.path.exists(mark):
        time.sleep(seconds)
        ready, words = is_ready(port), ("still ready", "no longer ready")
    remember(mark, ready)
    print(words[0] if ready else words[1])
    return 0 if ready else 1


def mark_of(port: int, folder: str) -> str:
    """Return the file that records that this start of the container has been ready.

    Containers that share a FOLDER (`--ipc=host`) differ in their processes.
    """
    with open("/proc/1/stat") as stat:
        started = stat.read().rpartition(")")[2].split()[19]
    namespace = os.stat("/proc/self/ns/pid").st_ino
    return f"{folder}/.modelyard-ready-{port}-{namespace}-{started}"


def is_ready(port: int) -> bool:
    """Ask whether it is ready; False if there is no answer."""
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    try:
        connection.connect(("127.0.0.1", port))
        connection.send(_REQUEST)
        return answer(connection)[_STATUS] == b"200"
    except OSError:
        return False
    finally:
        connection.close()


def answer(connection: _socket.socket) -> bytes:
    """Return the start of the answer, up to its status."""
    head = b""
    while len(head) < _STATUS.stop and (more := connection.recv(_STATUS.stop - len(head))):
        head += more
    return head


def remember(mark: str, ready: bool) -> None:
    """Record that it is ready, or that it is not, so that the next check answers immediately."""
    try:
        if ready:
            os.close(os.open(mark, os.O_CREAT | os.O_WRONLY, 0o600))
        else:
            os.unlink(mark)
    except OSError:
        pass


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
