"""The pool with real worker processes, which are killed, hang and are cancelled."""

import asyncio
import json
import os
import signal
from pathlib import Path

import msgspec
import pytest

from modelyard.serving.conftest import PoolStarter, SpecMaker, event, running, until
from modelyard.serving.server.pool import WorkerPool
from modelyard.serving.server.spec import StartError

pytestmark = pytest.mark.anyio

# Executes the command in the body.
OBEDIENT = """
    import os
    import time

    def handler(context, event):
        word, _, rest = event.body.decode().partition(" ")
        if word == "echo":
            return rest
        if word == "pid":
            return str(os.getpid())
        if word == "sleep":
            time.sleep(float(rest))
            return "slept"
        if word == "wait":
            while not os.path.exists(rest):
                time.sleep(0.01)
            return "seen"
        if word == "die":
            os._exit(7)
        if word == "die-once":
            if not os.path.exists(rest):
                open(rest, "w").close()
                os._exit(7)
            return "survived"
        if word == "child":
            pid = os.fork()
            if not pid:
                time.sleep(1000)
            return str(pid)
        raise ValueError(word)
"""


def error_of(body: bytes) -> str:
    """Return the message of an error reply, which must be one line."""
    message = json.loads(body)["error"]
    assert isinstance(message, str)
    assert "\n" not in message
    return message


def noted_pids(folder: Path) -> list[int]:
    """Return pids that workers noted as names of empty files: a kill cannot leave half a name."""
    return [int(file.stem) for file in folder.glob("*.pid")]


async def test_each_call_gets_its_own_answer(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT, workers=2)
    replies = await asyncio.gather(*(pool.call(event(b"echo %d" % n)) for n in range(50)))
    assert [reply.body for reply in replies] == [b"%d" % n for n in range(50)]
    assert {reply.status for reply in replies} == {200}
    assert (pool.ready, pool.busy, pool.waiting, pool.restarts) == (2, 0, 0, 0)


async def test_large_bodies_pass_unharmed(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT)
    content = os.urandom(12 * 1024 * 1024).hex().encode()
    reply = await pool.call(event(b"echo " + content))
    assert reply.body == content


async def test_work_is_shared_by_all_workers(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT, workers=3)
    replies = [await pool.call(event(b"pid")) for _ in range(6)]
    pids = [int(reply.body) for reply in replies]
    assert set(pids) == set(pool.pids)
    assert pids[:3] == pids[3:], "the worker that is free for longest comes first"


async def test_calls_wait_in_their_order(start_pool: PoolStarter, tmp_path: Path) -> None:
    pool = await start_pool(OBEDIENT)
    gate = tmp_path / "gate"
    first = asyncio.create_task(pool.call(event(f"wait {gate}".encode())))
    await until(lambda: pool.busy == 1)
    order: list[int] = []

    async def note(number: int) -> None:
        await pool.call(event(b"echo"))
        order.append(number)

    others = [asyncio.create_task(note(number)) for number in range(8)]
    await until(lambda: pool.waiting == 8)
    gate.touch()
    await asyncio.gather(first, *others)
    assert order == list(range(8))


async def test_no_free_worker_in_time_is_a_503(start_pool: PoolStarter, tmp_path: Path) -> None:
    pool = await start_pool(OBEDIENT, availability_timeout=0.1)
    gate = tmp_path / "gate"
    busy = asyncio.create_task(pool.call(event(f"wait {gate}".encode())))
    await until(lambda: pool.busy == 1)
    refused = await pool.call(event(b"echo"))
    assert refused.status == 503
    assert error_of(refused.body) == "no worker was free within 0.1 s"
    gate.touch()
    assert (await busy).body == b"seen"
    assert (await pool.call(event(b"echo again"))).body == b"again"


async def test_a_full_queue_refuses_at_once(start_pool: PoolStarter, tmp_path: Path) -> None:
    pool = await start_pool(OBEDIENT, max_waiting=1)
    gate = tmp_path / "gate"
    tasks = [asyncio.create_task(pool.call(event(f"wait {gate}".encode()))) for _ in range(2)]
    await until(lambda: pool.waiting == 1)
    refused = await pool.call(event(b"echo"))
    assert refused.status == 503
    assert error_of(refused.body) == "1 requests are already waiting; try again later"
    gate.touch()
    assert [reply.status for reply in await asyncio.gather(*tasks)] == [200, 200]


async def test_a_call_survives_the_death_of_its_worker(
    start_pool: PoolStarter, tmp_path: Path
) -> None:
    pool = await start_pool(OBEDIENT, workers=2)
    reply = await pool.call(event(f"die-once {tmp_path / 'mark'}".encode()))
    assert (reply.status, reply.body) == (200, b"survived")
    await until(lambda: pool.ready == 2)
    assert pool.restarts == 1
    assert "ended with status 7" in str(pool.last_failure)


async def test_a_call_that_kills_two_workers_is_a_502(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT)
    reply = await pool.call(event(b"die"))
    assert reply.status == 502
    assert "worker died twice" in error_of(reply.body)
    assert (await pool.call(event(b"echo on"))).body == b"on"


async def test_kill_9_affects_no_other_call(start_pool: PoolStarter, tmp_path: Path) -> None:
    pool = await start_pool(OBEDIENT, workers=2)
    gate = tmp_path / "gate"
    calls = [asyncio.create_task(pool.call(event(f"wait {gate}".encode()))) for _ in range(2)]
    await until(lambda: pool.busy == 2)
    victim, spared = pool.pids
    os.kill(victim, signal.SIGKILL)
    await until(lambda: pool.restarts == 1)
    gate.touch()
    assert [reply.body for reply in await asyncio.gather(*calls)] == [b"seen", b"seen"]
    assert spared in pool.pids
    assert victim not in pool.pids


async def test_idle_workers_are_replaced_too(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT, workers=2)
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    await until(lambda: pool.restarts == 2)
    assert pool.ready == 2
    assert (await pool.call(event(b"echo yes"))).body == b"yes"


async def test_load_under_kills_loses_nothing(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT, workers=2)

    async def client(name: int) -> list[tuple[int, bytes]]:
        replies = [await pool.call(event(b"echo %d" % name)) for _ in range(60)]
        return [(reply.status, reply.body) for reply in replies]

    clients = [asyncio.create_task(client(name)) for name in range(20)]
    for _ in range(3):
        await until(lambda: pool.ready > 0)
        os.kill(pool.pids[0], signal.SIGKILL)
        await asyncio.sleep(0.05)
    results = await asyncio.gather(*clients)
    for name, answers in enumerate(results):
        for status, body in answers:
            assert status == 502 or (status, body) == (200, b"%d" % name)


async def test_a_hanging_event_is_a_408_and_a_fresh_worker(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT, event_timeout=0.3)
    (old,) = pool.pids
    reply = await pool.call(event(b"sleep 1000"))
    assert reply.status == 408
    assert error_of(reply.body) == "the function did not answer within 0.3 s"
    assert (await pool.call(event(b"echo fresh"))).body == b"fresh"
    assert not running(old)
    assert pool.restarts == 1
    assert "took longer than 0.3 s" in str(pool.last_failure)


async def test_what_a_worker_started_ends_with_it(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT)
    child = int((await pool.call(event(b"child"))).body)
    assert running(child)
    os.kill(pool.pids[0], signal.SIGKILL)
    await until(lambda: not running(child))


async def test_an_abandoned_call_poisons_no_later_one(
    start_pool: PoolStarter, tmp_path: Path
) -> None:
    pool = await start_pool(OBEDIENT)
    gate = tmp_path / "gate"
    abandoned = asyncio.create_task(pool.call(event(f"wait {gate}".encode())))
    await until(lambda: pool.busy == 1)
    abandoned.cancel()
    later = asyncio.create_task(pool.call(event(b"echo mine")))
    await until(lambda: pool.waiting == 1)
    gate.touch()
    assert (await later).body == b"mine"
    assert pool.restarts == 0


async def test_a_waiting_call_may_be_abandoned(start_pool: PoolStarter, tmp_path: Path) -> None:
    pool = await start_pool(OBEDIENT)
    gate = tmp_path / "gate"
    first = asyncio.create_task(pool.call(event(f"wait {gate}".encode())))
    await until(lambda: pool.busy == 1)
    waiting = [asyncio.create_task(pool.call(event(b"echo %d" % n))) for n in range(3)]
    await until(lambda: pool.waiting == 3)
    waiting[1].cancel()
    await until(lambda: pool.waiting == 2)
    gate.touch()
    assert (await first).body == b"seen"
    assert (await waiting[0]).body == b"0"
    assert (await waiting[2]).body == b"2"


async def test_abandoning_at_the_moment_of_assignment_loses_no_worker(
    start_pool: PoolStarter, tmp_path: Path
) -> None:
    pool = await start_pool(OBEDIENT)
    for round_ in range(20):
        gate = tmp_path / f"gate{round_}"
        first = asyncio.create_task(pool.call(event(f"wait {gate}".encode())))
        await until(lambda: pool.busy == 1)
        second = asyncio.create_task(pool.call(event(b"echo")))
        first.add_done_callback(lambda _, task=second: task.cancel())  # type: ignore[misc]
        await until(lambda: pool.waiting == 1)
        gate.touch()
        await first
        await asyncio.gather(second, return_exceptions=True)
    assert (await pool.call(event(b"echo still here"))).body == b"still here"


async def test_a_worker_that_cannot_start_says_why(start_pool: PoolStarter) -> None:
    with pytest.raises(StartError) as caught:
        await start_pool("import a_module_that_is_not_there", workers=2)
    text = str(caught.value)
    assert "ModuleNotFoundError: No module named 'a_module_that_is_not_there'" in text
    assert "tiny_function.py" in text
    assert "frozen importlib" not in text
    assert "importlib/__init__.py" not in text


async def test_a_worker_that_crashes_before_it_is_ready_shows_its_log(
    start_pool: PoolStarter,
) -> None:
    source = "import os\nprint('about to crash')\nos.abort()"
    with pytest.raises(StartError, match=r"signal 6 \(Aborted\).*\n.*about to crash"):
        await start_pool(source)


async def test_a_worker_that_loads_for_too_long_is_ended(
    start_pool: PoolStarter, tmp_path: Path
) -> None:
    source = f"""
        import os, pathlib, time
        pathlib.Path({str(tmp_path)!r}, f"{{os.getpid()}}.pid").touch()
        time.sleep(1000)
    """
    with pytest.raises(StartError, match=r"not ready within 2 s"):
        await start_pool(source, ready_timeout=2)
    (pid,) = noted_pids(tmp_path)
    assert not running(pid)


async def test_a_missing_interpreter_is_a_start_error(make_spec: SpecMaker, tmp_path: Path) -> None:
    spec = msgspec.structs.replace(make_spec(OBEDIENT), python=tmp_path / "none" / "python")
    pool = WorkerPool(spec)
    with pytest.raises(StartError, match=r"cannot start .*none/python"):
        await pool.start()


async def test_one_failed_start_ends_the_others(make_spec: SpecMaker, tmp_path: Path) -> None:
    source = f"""
        import os, pathlib
        def init_context(context):
            if context.worker_id == "1":
                raise RuntimeError("not this one")
            pathlib.Path({str(tmp_path)!r}, f"{{os.getpid()}}.pid").touch()
        def handler(context, event): ...
    """
    pool = WorkerPool(make_spec(source, workers=2))
    with pytest.raises(StartError, match="not this one"):
        await pool.start()
    assert pool.ready == 0
    assert not any(running(pid) for pid in noted_pids(tmp_path))


async def test_restarts_continue_until_one_succeeds(
    start_pool: PoolStarter, tmp_path: Path
) -> None:
    stones = tmp_path / "stones"
    source = f"""
        import os, pathlib
        stones = pathlib.Path({str(stones)!r})
        def init_context(context):
            if stones.exists():
                stones.with_name("stumbled").touch()
                raise RuntimeError("a stone in the way")
        def handler(context, event):
            return "fine"
    """
    pool = await start_pool(source)
    await pool.call(event())
    stones.touch()
    os.kill(pool.pids[0], signal.SIGKILL)
    await until(lambda: "a stone in the way" in str(pool.last_failure))
    assert pool.ready == 0
    stones.unlink()
    assert (await pool.call(event())).body == b"fine"


async def test_stop_lets_accepted_calls_end(start_pool: PoolStarter, tmp_path: Path) -> None:
    pool = await start_pool(OBEDIENT)
    pids = pool.pids
    gate = tmp_path / "gate"
    running_call = asyncio.create_task(pool.call(event(f"wait {gate}".encode())))
    await until(lambda: pool.busy == 1)
    waiting_call = asyncio.create_task(pool.call(event(b"echo waited")))
    await until(lambda: pool.waiting == 1)
    stop = asyncio.create_task(pool.stop(drain=30))
    await asyncio.sleep(0)
    refused = await pool.call(event(b"echo late"))
    assert (refused.status, error_of(refused.body)) == (503, "the function is not running")
    gate.touch()
    assert (await running_call).body == b"seen"
    assert (await waiting_call).body == b"waited"
    await stop
    assert not any(running(pid) for pid in pids)


async def test_stop_ends_what_takes_too_long(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT)
    (pid,) = pool.pids
    calls = [asyncio.create_task(pool.call(event(b"sleep 1000"))) for _ in range(2)]
    await until(lambda: pool.waiting == 1)
    await pool.stop(drain=0.1)
    for reply in await asyncio.gather(*calls):
        assert reply.status == 503
        assert error_of(reply.body) == "the function was stopped before it could answer"
    assert not running(pid)
    assert pool.ready == 0


async def test_stop_during_the_start_leaves_nothing(make_spec: SpecMaker, tmp_path: Path) -> None:
    source = f"""
        import os, pathlib, time
        pathlib.Path({str(tmp_path)!r}, f"{{os.getpid()}}.pid").touch()
        time.sleep(1000)
    """
    pool = WorkerPool(make_spec(source))
    start = asyncio.create_task(pool.start())
    await until(lambda: bool(noted_pids(tmp_path)))
    (pid,) = noted_pids(tmp_path)
    assert running(pid)
    await pool.stop(0)
    with pytest.raises(StartError, match="stopped while it started"):
        await start
    assert not running(pid)


async def test_one_pool_takes_over_from_another_under_load(start_pool: PoolStarter) -> None:
    current = await start_pool(OBEDIENT, workers=2)
    done = False

    async def client() -> list[int]:
        statuses = []
        while not done:
            statuses.append((await current.call(event(b"echo x"))).status)
        return statuses

    clients = [asyncio.create_task(client()) for _ in range(10)]
    for _ in range(2):
        successor = await start_pool(OBEDIENT, workers=2)
        predecessor, current = current, successor
        await predecessor.stop(drain=30)
    done = True
    statuses = [status for result in await asyncio.gather(*clients) for status in result]
    assert statuses
    assert set(statuses) == {200}


async def test_prints_go_to_the_log_and_disturb_nothing(
    start_pool: PoolStarter, tmp_path: Path
) -> None:
    pool = await start_pool(
        """
        import os
        def handler(context, event):
            print("to stdout")
            os.write(1, b"raw to stdout\\n")
            context.logger.info_with("to the logger", answer=42)
            return "fine"
        """
    )
    assert (await pool.call(event())).body == b"fine"
    log = (tmp_path / "worker.log").read_text()
    assert "to stdout" in log
    assert "raw to stdout" in log
    assert "to the logger" in log


async def test_the_reply_says_how_long_it_took(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT)
    slow, waited = await asyncio.gather(pool.call(event(b"sleep 0.2")), pool.call(event(b"echo")))
    assert slow.seconds >= 0.2
    assert waited.queue_seconds >= 0.15
    assert waited.seconds < slow.seconds


async def test_a_worker_told_to_stop_answers_first(start_pool: PoolStarter) -> None:
    pool = await start_pool(OBEDIENT)
    call = asyncio.create_task(pool.call(event(b"sleep 0.5")))
    await until(lambda: pool.busy == 1)
    os.kill(pool.pids[0], signal.SIGTERM)
    assert (await call).body == b"slept"
    await until(lambda: pool.restarts == 1)
