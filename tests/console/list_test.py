"""The list of functions, and its live updates."""

from console.conftest import Deploy
from console.page import Console
from modelyard.serving.protocol.sample import sample_request
from modelyard_tools.embedded.testing import tiny
from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease


def cell(console: Console, function: str, key: str) -> str:
    return console.text(f"[data-function={function}] [data-key={key}]")


def state(console: Console, function: str) -> str:
    return console.text(f"[data-function={function}] .state")


def test_every_function_is_listed_with_its_figures(
    console: Console, platform: PlatformProcess, deploy: Deploy
) -> None:
    release = deploy(tiny.bright_detector())
    console.open_list()
    assert console.text("[data-function=tiny-detector] a") == "Tiny-Detector"
    assert state(console, "tiny-detector") == "ready"
    assert cell(console, "tiny-detector", "port") == str(release.port)
    assert cell(console, "tiny-detector", "type") == "detector"
    assert cell(console, "tiny-detector", "memory").endswith("MB")
    assert "ready" in console.text(".list-head p")


def test_figures_move_by_themselves(
    console: Console, platform: PlatformProcess, deploy: Deploy
) -> None:
    release = deploy(tiny.bright_detector())
    console.open_list()
    before = int(cell(console, "tiny-detector", "requests"))
    errors = int(cell(console, "tiny-detector", "errors"))
    assert request(release.port, "POST", "/", sample_request("detector")).status == 200
    assert request(release.port, "POST", "/", b"{}").status == 400
    console.until(lambda: int(cell(console, "tiny-detector", "requests")) == before + 2)
    console.until(lambda: cell(console, "tiny-detector", "p50").endswith("ms"))
    assert int(cell(console, "tiny-detector", "errors")) >= errors


def test_a_worker_that_dies_is_counted(
    console: Console, platform: PlatformProcess, deploy: Deploy
) -> None:
    release = deploy(FakeRelease(name="echo", port=free_port()))
    console.open_list()
    assert cell(console, "echo", "restarts") == "0"
    assert request(release.port, "POST", "/crash", b"{}").status == 502
    # A request whose worker died is retried once, with another worker.
    console.until(lambda: cell(console, "echo", "restarts") != "0")
    console.until(lambda: state(console, "echo") == "ready")


def test_functions_come_and_go(console: Console, platform: PlatformProcess, deploy: Deploy) -> None:
    deploy(tiny.bright_detector())
    console.open_list()
    release = FakeRelease(name="newcomer", port=free_port())
    platform.deploy(release)
    console.until(lambda: state(console, "newcomer") == "ready")
    platform.api("DELETE", "/api/functions", {"metadata": {"name": "newcomer"}})
    console.until(lambda: not console.all("[data-function=newcomer]"))


def test_the_filter_leaves_what_matches(console: Console, deploy: Deploy) -> None:
    deploy(tiny.bright_detector())
    deploy(FakeRelease(name="echo", port=free_port()))
    console.open_list()
    console.one("input[type=search]").send_keys("ECH")
    shown = [row.get_attribute("data-function") for row in console.all("tbody tr:not([hidden])")]
    assert shown == ["echo"]


def test_a_broken_function_says_why(console: Console, platform: PlatformProcess) -> None:
    source = "raise RuntimeError('no such weights')\n"
    platform.deploy(FakeRelease(name="broken", port=free_port(), source=source))
    console.open_list()
    assert state(console, "broken") == "error"
    console.one("[data-function=broken] a").click()
    console.until(lambda: "no such weights" in console.text(".trouble"))
    assert console.text(".title .state") == "error"


def test_a_name_is_text_and_never_markup(console: Console, deploy: Deploy) -> None:
    name = "<img src=x onerror=alert(1)>"
    annotations = {"name": name}
    deploy(FakeRelease(name="hostile", port=free_port(), annotations=annotations))
    console.open_list()
    assert console.text("[data-function=hostile] a") == name
    console.open("hostile")
    console.until(lambda: console.text("h1") == name)


def test_an_unknown_function_is_said_to_be_unknown(console: Console) -> None:
    console.expected = ["404"]
    console.driver.get(f"{console.url}/#/functions/nothing")
    console.until(lambda: "not found" in console.text("#connection").lower())


def test_a_platform_that_is_gone_is_told_of(console: Console, deploy: Deploy) -> None:
    deploy(tiny.bright_detector())
    console.expected = ["ERR_INTERNET_DISCONNECTED", "net::"]
    console.open_list()
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    console.driver.execute_cdp_cmd("Network.enable", {})
    console.driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    try:
        console.until(lambda: "does not answer" in console.text("#connection"))
    finally:
        back = {**offline, "offline": False}
        console.driver.execute_cdp_cmd("Network.emulateNetworkConditions", back)
    console.until(lambda: console.text("#connection") == "")
