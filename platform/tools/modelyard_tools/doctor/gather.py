"""All facts about this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from modelyard_contract import variables
from modelyard_contract.ports import DASHBOARD
from modelyard_tools.doctor.facts import Dashboard, Facts
from modelyard_tools.doctor.probes import engine, machine, platform, tools
from modelyard_tools.doctor.probes.dashboards import dashboard
from modelyard_tools.home.folders import Home
from modelyard_tools.home.running import HOST, read_note


def gather(home: Home, env: Mapping[str, str] | None = None) -> Facts:
    """Collect all facts; takes some seconds, and changes nothing.

    Nuclio's own dashboard is looked for at $MODELYARD_NUCLIO_DASHBOARD and, if no embedded
    platform answers, on its port.
    """
    env = os.environ if env is None else env
    dashboards = _dashboards(home, env)
    ours = next((each for each in dashboards if each.embedded), None)
    functions = [function.port for each in dashboards for function in each.functions]
    docker = engine.engine()
    wanted = {} if ours else platform.wanted_ports(home, _port(env))
    theirs = {_port_of(each.url) for each in dashboards}
    state = platform.platform(home, ours, env.get(variables.HOST) or HOST)
    # Nuclio may have the dashboard's port: one of the two is needed, not both.
    wanted = {port: who for port, who in wanted.items() if port not in theirs}
    return Facts(
        machine=machine.machine(),
        home=machine.place(home.root),
        repository=machine.place(Path.cwd()),
        platform=state,
        weights=platform.weights(_cache(env)),
        engine=docker,
        tools=tools.tools(env),
        gpus=machine.gpus(),
        dashboards=dashboards,
        listeners=platform.listeners(wanted, docker, state.held_by),
        reach=engine.reach([port for port in functions if port])
        if docker and docker.version
        else (),
    )


def _dashboards(home: Home, env: Mapping[str, str]) -> tuple[Dashboard, ...]:
    note = read_note(home)
    embedded = f"http://{HOST}:{note.port if note else _port(env)}"
    urls = [env.get(variables.NUCLIO_DASHBOARD) or "", embedded]
    found = (dashboard(url) for url in dict.fromkeys(urls) if url)
    # A platform with another home is a foreign program to us.
    return tuple(each for each in found if each and each.home in ("", str(home.root)))


def _port(env: Mapping[str, str]) -> int:
    text = env.get(variables.PORT, "")
    return int(text) if text.isdecimal() else DASHBOARD


def _port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def _cache(env: Mapping[str, str]) -> Path:
    return Path(env.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
