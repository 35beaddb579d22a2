from __future__ import annotations

from typing import Iterable, Mapping

import pytest
from pants.backend.python import target_types_rules
from pants.backend.python.target_types import PexBinary, PythonRequirementTarget
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import Get, QueryRule, rule
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants.image import locked_packages
from modelyard_pants.image.locked_packages import (
    LockedPackage,
    LockedPackages,
    LockedPackagesRequest,
    PackageSources,
    Pins,
    PinsRequest,
)
from modelyard_pants.image.tool import ImageToolOutput, ImageToolRequest

PROXY = "a proxy"


@rule
async def closure_of_its_inputs(request: ImageToolRequest) -> ImageToolOutput:
    """One package, whose pin contains the tool's inputs."""
    contents = await Get(DigestContents, Digest, request.inputs)
    files = {item.path: item.content.decode() for item in contents}
    words = " ".join(request.arguments)
    pin = f"{words} {files['x.lock']} {files['asked.txt'].split()} {request.env['https_proxy']}"
    found = f'[{{"name": "a", "pin": "{pin}", "size": 5, "needs": ["b"]}}]'
    content = FileContent("closure.json", found.encode())
    return ImageToolOutput(await Get(Digest, CreateDigest([content])))


def rule_runner(*options: str, files: Mapping[str, str] = {"x.lock": "pins"}) -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *locked_packages.rules(),
            *target_types_rules.rules(),
            closure_of_its_inputs,
            QueryRule(LockedPackages, [LockedPackagesRequest]),
            QueryRule(PackageSources, []),
            QueryRule(Pins, [PinsRequest]),
        ],
        target_types=[PexBinary, PythonRequirementTarget],
    )
    resolves = ("--python-enable-resolves", "--python-resolves={'x': 'x.lock'}")
    runner.set_options([*resolves, *options], env={"https_proxy": PROXY})
    runner.write_files(
        {
            **files,
            "BUILD": (
                "python_requirement(name='np', requirements=['NumPy<3'], resolve='x')\n"
                "python_requirement(name='other', requirements=['other'], resolve='x')\n"
                "pex_binary(name='code', resolve='x', script='x', dependencies=[':np'])"
            ),
        }
    )
    return runner


def found(runner: RuleRunner) -> Iterable[LockedPackage]:
    target = runner.get_target(Address("", target_name="code"))
    request = LockedPackagesRequest(target, Address("functions/f"))
    return runner.request(LockedPackages, [request]).packages


def test_the_tool_is_given_the_lock_and_the_imported_packages() -> None:
    words = "closure --lock x.lock --asked asked.txt"
    assert found(rule_runner()) == (
        LockedPackage("a", f"{words} pins ['NumPy<3'] {PROXY}", 5, ("b",)),
    )


def test_the_error_names_a_missing_lock() -> None:
    with pytest.raises(ExecutionError, match=r"x\.lock"):
        found(rule_runner(files={}))


def test_packages_come_from_the_same_indexes_as_for_pants() -> None:
    options = (
        "--python-repos-indexes=['https://one.example.org/simple', 'https://two.example.org']",
        "--python-repos-find-links=['file:///wheels', 'https://pages.example.org']",
        "--ca-certs-path=/certificates.pem",
    )
    assert dict(rule_runner(*options).request(PackageSources, []).env) == {
        "UV_DEFAULT_INDEX": "https://one.example.org/simple",
        "UV_INDEX": "https://two.example.org",
        "UV_FIND_LINKS": "file:///wheels,https://pages.example.org",
        "SSL_CERT_FILE": "/certificates.pem",
        "https_proxy": PROXY,
    }


def test_without_an_index_none_is_used() -> None:
    env = rule_runner("--python-repos-indexes=[]").request(PackageSources, []).env
    assert env["UV_DEFAULT_INDEX"] == ""
    assert "UV_INDEX" not in env


def test_pins_are_lines_of_a_requirements_file() -> None:
    packages = tuple(LockedPackage(name, f"{name}==1 --hash=x", 1, ()) for name in "ab")
    runner = rule_runner()
    pins = runner.request(Pins, [PinsRequest(packages)])
    [content] = runner.request(DigestContents, [pins.digest])
    assert (content.path, content.content) == (pins.path, b"a==1 --hash=x\nb==1 --hash=x\n")


def test_needed_packages_are_found_transitively() -> None:
    needs = {"a": ("b",), "b": ("c", "a"), "c": (), "d": ("c",)}
    packages = LockedPackages(tuple(LockedPackage(n, "", 1, to) for n, to in needs.items()))
    assert packages.needed_for(["a", "elsewhere"]) == {"a", "b", "c"}
    assert packages.needed_for(["d"]) == {"c", "d"}
    assert packages.needed_for([]) == frozenset()
