"""What an interrupted deploy left in Nuclio."""

import time
from collections.abc import Mapping
from typing import Final

import msgspec

from modelyard_tools.deployer.core.history import History
from modelyard_tools.deployer.nuclio.api import Api, Function, attempt_of
from modelyard_tools.deployer.nuclio.rollout import longest_deployment
from modelyard_tools.deployer.output.report import Report

_POLL: Final = 0.5


class Settled(msgspec.Struct, frozen=True):
    """All functions by name, once no deployment is in progress.

    Those in `others` are being deployed by another program and stay `building`;
    others in that state may be removed.
    """

    functions: dict[str, Function] = {}
    others: frozenset[str] = frozenset()


def settle(api: Api, history: History, report: Report) -> Settled:
    """Wait until every deployment in progress has ended, or can no longer end.

    Only one deployer works at a time, so one of ours that is in progress has lost
    its deployer. The dashboard may still finish it, until the time that it may
    take is over; nuctl, which ended with its deployer, cannot.
    """
    functions = api.functions()
    building = _building(functions)
    if not building:
        return Settled(functions)
    with report.step(f"waiting for {', '.join(sorted(building))}, which another deploy started"):
        return _wait(api, history)


def _wait(api: Api, history: History) -> Settled:
    first_seen = time.time()
    ours: set[str] = set()
    others: set[str] = set()
    while True:
        functions = api.functions()
        building = _building(functions)
        for name in building - ours - others:
            function, attempt = functions[name], history.read(name).attempt
            is_ours = attempt is not None and attempt.id == attempt_of(function)
            began = attempt.started if attempt and is_ours else first_seen
            over = time.time() > began + longest_deployment(function.config)
            if is_ours and (over or api.is_deploying(name) is False):
                ours.add(name)
            elif over:
                others.add(name)
        if building <= ours | others:
            return Settled(functions, frozenset(others & building))
        time.sleep(_POLL)


def _building(functions: Mapping[str, Function]) -> set[str]:
    return {name for name, each in functions.items() if each.building}


def note_ended(history: History, functions: Mapping[str, Function]) -> None:
    """Record deployments that succeeded after their deployer was killed."""
    for name, function in functions.items():
        record = history.read(name)
        if record.attempt is None:
            continue
        if function.status.state == "ready" and attempt_of(function) == record.attempt.id:
            ended = record.ended() if function.debugged else record.served(function.config)
            history.write(name, ended)
