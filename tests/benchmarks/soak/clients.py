"""A thousand clients in one process, each with its own connection and requests."""

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

_PATIENCE: Final = 120.0


@dataclass
class Tally:
    """The clients' results. `statuses` counts answers; `lost` are requests without one."""

    statuses: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """The number of answers other than 200."""
        return self.statuses.total() - self.statuses[200]


async def ask(port: int, clients: int, done: asyncio.Event, tally: Tally) -> None:
    """Keep `clients` connections busy until `done` is set; let all finish their last request."""
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_client(port, done, tally))


async def _client(port: int, done: asyncio.Event, tally: Tally) -> None:
    while not done.is_set():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while not done.is_set() and await _question(reader, writer, tally):
                pass
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            tally.lost.append(repr(error))
        finally:
            writer.close()


async def _question(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tally: Tally
) -> bool:
    """Send one request and check its answer; return whether the connection stays open."""
    token = secrets.token_hex(8).encode()
    writer.write(
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%b" % (len(token), token)
    )
    async with asyncio.timeout(_PATIENCE):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(headers[b"content-length"]))
    status = int(lines[0].split()[1])
    tally.statuses[status] += 1
    if status == 200:
        version, _, echoed = body.partition(b" ")
        tally.versions[version.decode()] += 1
        if echoed != token:
            tally.wrong.append(f"{token!r} was answered with {body!r}")
    return headers.get(b"connection") != b"close"
