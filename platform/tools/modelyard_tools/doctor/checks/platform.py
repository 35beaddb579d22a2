"""The embedded platform, its ports, its weights, and who can reach it."""

import ipaddress
from collections.abc import Iterator

from modelyard_tools.doctor.facts import Facts
from modelyard_tools.doctor.finding import Finding, note, problem, warning


def embedded(facts: Facts) -> Iterator[Finding]:
    """A process that holds the home must answer."""
    platform = facts.platform
    if platform.held_by and not platform.answers:
        yield problem(
            "platform",
            f"the embedded platform, process {platform.held_by}, does not answer",
            "./pants run ::deploy -- stop, then deploy again",
        )
    for file in platform.damaged:
        yield problem("platform", f"{file} cannot be read", f"rm {file}, then ./pants run ::deploy")
    if platform.answers and platform.last_error:
        yield note(
            "platform",
            f"the last error in its log: {platform.last_error}",
            "./pants run ::deploy -- logs platform",
        )


def ports(facts: Facts) -> Iterator[Finding]:
    """Ports that we need and others have taken."""
    for listener in facts.listeners:
        if listener.ours:
            continue
        name = listener.container
        other = f"the container {name}" if name else listener.process or "another user's process"
        end = f"docker rm --force {name}" if name else "stop it"
        dashboard = listener.wanted_by == "the dashboard"
        yield problem(
            "ports",
            f"port {listener.port}, which {listener.wanted_by} needs, is taken by {other}",
            f"{end}, or MODELYARD_PORT={listener.port + 1} ./pants run ::deploy"
            if dashboard
            else f"{end}, or set another `port` in the BUILD file of {listener.wanted_by}",
        )


def weights(facts: Facts) -> Iterator[Finding]:
    """Damaged and unfinished weights files. They are never used, but take up space."""
    store = facts.weights
    if store is None:
        return
    for name in store.damaged:
        yield warning(
            "weights",
            f"{store.path}/{name} is damaged; it will be fetched again",
            f"rm {store.path}/{name}",
        )
    if store.unfinished:
        yield note(
            "weights",
            f"{len(store.unfinished)} weights downloads are unfinished",
            "./pants run ::deploy resumes them",
        )


def reach(facts: Facts) -> Iterator[Finding]:
    """Whether CVAT's server can reach functions from its container."""
    for server in facts.reach:
        if not server.serverless:
            yield problem(
                "cvat",
                f"{server.container} runs without CVAT_SERVERLESS=1, so it calls no functions",
                "start CVAT with components/serverless/docker-compose.serverless.yml",
            )
        for url, answer in server.asked.items():
            if answer:
                yield problem(
                    "cvat", f"{server.container} cannot reach {url}: {answer}", _mend(facts)
                )


def _mend(facts: Facts) -> str:
    if facts.embedded and ipaddress.ip_address(facts.platform.host).is_loopback:
        return (
            "the embedded platform listens on loopback only; let it listen on the address of CVAT's"
            " bridge too, with MODELYARD_HOST: see"
            " platform/tools/modelyard_tools/embedded/README.md"
        )
    return (
        "put the functions into CVAT's network (platform.attributes.network), let a firewall pass "
        "the bridge, or set CVAT_NUCLIO_INVOKE_METHOD=dashboard"
    )
