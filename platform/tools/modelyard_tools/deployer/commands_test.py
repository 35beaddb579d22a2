"""The commands that manage a running platform."""

import json
from pathlib import Path

import PIL.Image
import pytest

from modelyard_contract.version import VERSION
from modelyard_tools.deployer.testing.deployer import Deployer
from modelyard_tools.embedded.testing.process import request
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease

REFUSING = HANDLER.format(version="1").replace(
    "status_code=200", 'status_code=400 if "threshold" in event.body else 200'
)


@pytest.fixture
def echo(deployer: Deployer) -> FakeRelease:
    release = FakeRelease(name="echo", port=free_port())
    done = deployer.run(build=deployer.build(release))
    assert done.returncode == 0, done.stderr
    return release


def test_status_shows_each_function(deployer: Deployer, echo: FakeRelease) -> None:
    shown = deployer.run("status").stdout
    assert f"http://127.0.0.1:{echo.port}" in shown
    content = json.loads(deployer.run("status", "--json").stdout)
    assert content["platform"]["port"] == deployer.port
    (function,) = content["functions"]
    assert function["name"] == "echo"
    assert (function["type"], function["variant"], function["state"]) == (
        "detector",
        "cpu",
        "ready",
    )
    assert function["release"] == echo.digest


def test_status_shows_limits_and_how_they_are_enforced(deployer: Deployer) -> None:
    limits = {"memory": "2Gi", "cpu": "1500m"}
    release = FakeRelease(name="echo", port=free_port(), limits=limits)
    assert deployer.run(build=deployer.build(release)).returncode == 0
    (function,) = json.loads(deployer.run("status", "--json").stdout)["functions"]
    assert function["limits"] in ("2 GiB, 1.5 cores (cgroup)", "2 GiB, 1.5 cores (rlimit)")


def test_the_version_needs_no_command(deployer: Deployer) -> None:
    assert deployer.run("--version").stdout == f"{VERSION}\n"


def test_plan_and_apply_for_programs(deployer: Deployer) -> None:
    release = FakeRelease(name="echo", port=free_port())
    build = deployer.build(
        release, FakeRelease(name="gone", port=free_port(), blocked="no weights")
    )
    done = deployer.run("apply", "--json", "--strict", build=build)
    assert done.returncode == 3
    output = json.loads(done.stdout)
    assert output["plan"][0] == {"name": "echo", "action": "create", "reason": "new"}
    assert output["failures"] == {}
    assert [each["state"] for each in output["functions"]] == ["ready"]
    planned = json.loads(deployer.run("plan", "--json", build=build).stdout)["plan"]
    assert [each["action"] for each in planned] == ["unchanged", "blocked"]


def test_status_of_a_stopped_platform(deployer: Deployer) -> None:
    done = deployer.run("status")
    assert done.returncode == 0
    assert "not running" in done.stdout
    assert json.loads(deployer.run("status", "--json").stdout) == {
        "platform": None,
        "functions": [],
    }


def test_logs_show_the_last_lines_and_follow(deployer: Deployer, echo: FakeRelease) -> None:
    request(echo.port, "POST", "/print?text=one", b"")
    request(echo.port, "POST", "/print?text=two", b"")
    assert deployer.run("logs", "echo", "-n", "1").stdout == "two\n"
    assert '"deployed"' in deployer.run("logs", "platform").stdout
    following = deployer.start("logs", "echo", "--follow", "-n", "1")
    try:
        assert following.stdout is not None
        assert following.stdout.readline() == "two\n"
        request(echo.port, "POST", "/print?text=three", b"")
        assert following.stdout.readline() == "three\n"
    finally:
        following.kill()
        following.communicate()


def test_stopping_ends_the_platform_and_its_functions(
    deployer: Deployer, echo: FakeRelease
) -> None:
    assert deployer.run("stop").stdout == "stopped\n"
    with pytest.raises(ConnectionRefusedError):
        request(echo.port, "POST", "/", b"{}")
    assert deployer.run("stop").stdout == "the platform was not running\n"


@pytest.mark.usefixtures("echo")
def test_deleting_one_function(deployer: Deployer) -> None:
    assert deployer.run("delete", "echo").stdout == "echo is deleted\n"
    assert "no function is deployed" in deployer.run("status").stdout


def test_invoking_sends_what_cvat_sends(deployer: Deployer, tmp_path: Path) -> None:
    deployer.run(build=deployer.build(FakeRelease(name="echo", port=free_port(), source=REFUSING)))
    image = tmp_path / "image.png"
    image.write_bytes(b"pixels")
    done = deployer.run("invoke", "echo", str(image))
    assert done.returncode == 0
    assert json.loads(done.stdout)["path"] == "/"
    refused = deployer.run("invoke", "echo", str(image), "--threshold", "0.5")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("echo answered 400:")
    assert deployer.run("invoke", "echo", str(tmp_path / "none.png")).returncode == 2


# Answers with width and height of the picture.
SIZE_OF = """
import base64, io, json
import PIL.Image


def handler(context, event):
    file = base64.b64decode(event.body["image"])
    size = PIL.Image.open(io.BytesIO(file)).size
    return context.Response(body=json.dumps(size), content_type="application/json")
"""


def test_invoking_turns_a_picture_as_cvat_does(deployer: Deployer, tmp_path: Path) -> None:
    deployer.run(build=deployer.build(FakeRelease(name="echo", port=free_port(), source=SIZE_OF)))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    image = tmp_path / "askew.jpg"
    PIL.Image.new("RGB", (40, 30)).save(image, exif=exif)
    assert json.loads(deployer.run("invoke", "echo", str(image)).stdout) == [30, 40]


@pytest.mark.usefixtures("echo")
def test_an_unknown_name_is_one_line_with_the_known_ones(
    deployer: Deployer, tmp_path: Path
) -> None:
    image = tmp_path / "image.png"
    image.touch()
    for arguments in (("delete", "ecko"), ("logs", "ecko"), ("invoke", "ecko", str(image))):
        done = deployer.run(*arguments)
        assert done.returncode == 2
        assert "did you mean echo?" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments", [("delete", "echo"), ("invoke", "echo", __file__)])
def test_what_needs_a_platform_says_how_to_get_one(
    deployer: Deployer, arguments: tuple[str, ...]
) -> None:
    done = deployer.run(*arguments)
    assert done.returncode == 1
    why = "the platform is not running; `./pants run ::deploy` starts it"
    assert done.stderr.splitlines()[-1] == why


def test_a_target_that_does_not_exist_is_wrong_usage(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nowhere" in deployer.run("status", "--to", "nowhere").stderr
    monkeypatch.setenv("MODELYARD_TO", "nowhere")
    done = deployer.run("status")
    assert done.returncode == 2
    assert "MODELYARD_TO is 'nowhere'; it must be one of: embedded" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("aply",), ("status", "--jsn"), ("apply",), ("logs",), ("delete",)]
)
def test_wrong_usage(deployer: Deployer, arguments: tuple[str, ...]) -> None:
    done = deployer.run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_names_all_commands(deployer: Deployer) -> None:
    done = deployer.run("--help")
    assert done.returncode == 0
    for command in ("apply", "plan", "status", "logs", "stop", "delete", "rollback"):
        assert command in done.stdout
