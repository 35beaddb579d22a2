"""`doctor` next to a real platform."""

import json

from modelyard_tools.deployer.testing.deployer import Deployer
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

# Whatever else this machine lacks.
PLATFORM = ("platform", "functions", "ports")


def findings(deployer: Deployer) -> list[str]:
    done = deployer.run("doctor", "--json")
    found = json.loads(done.stdout)["findings"]
    assert done.returncode == any(each["severity"] == "problem" for each in found)
    return [each["what"] for each in found if each["check"] in PLATFORM]


def test_a_healthy_platform(deployer: Deployer) -> None:
    release = FakeRelease(name="echo", port=free_port())
    assert deployer.run(build=deployer.build(release)).returncode == 0
    assert findings(deployer) == []
    assert f"embedded platform at http://127.0.0.1:{deployer.port}" in deployer.run("doctor").stdout


def test_a_function_that_failed_is_named_with_its_reason(deployer: Deployer) -> None:
    release = FakeRelease(name="echo", port=free_port(), source="import a_module_that_is_not_there")
    assert deployer.run(build=deployer.build(release)).returncode == 1
    found = findings(deployer)
    assert len(found) == 1, found
    (what,) = found
    assert what.startswith("echo is error: ")
    assert "a_module_that_is_not_there" in what
    shown = deployer.run("doctor")
    assert shown.returncode == 1
    assert "fix: ./pants run ::deploy -- logs echo" in shown.stdout


def test_the_platform_of_another_home_is_in_the_way(deployer: Deployer) -> None:
    release = FakeRelease(name="echo", port=free_port())
    assert deployer.run(build=deployer.build(release)).returncode == 0
    other = Deployer(deployer.home.root.parent / "other")
    other.port = deployer.port
    (what,) = findings(other)
    assert what.startswith(f"port {deployer.port}, which the dashboard needs, is taken by python")
