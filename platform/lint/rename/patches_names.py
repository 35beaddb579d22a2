"""Modules and settings that are named by a word alone."""

from typing import Final

from patch import LIBRARY, PLUGIN, TOOLS, Patch

_SETTINGS: Final = (
    Patch("pants.toml", '  "modelyard",\n', '  "modelyard_pants",\n'),
    Patch("platform/lint/mypy.ini", "[mypy-modelyard.*,", "[mypy-modelyard_pants.*,"),
    Patch(
        f"{PLUGIN}/testutil.py",
        "--backend-packages=modelyard",
        "--backend-packages=modelyard_pants",
    ),
    Patch(f"{PLUGIN}/reference.py", 'provider="modelyard"', 'provider="modelyard_pants"'),
)
_DEPLOY: Final = f"{PLUGIN}/goals/deploy.py"
# Modules that are named by a word alone.
_NAMED: Final = (
    Patch(
        _DEPLOY,
        '_BUNDLE = "bundle"\n',
        '_DEPLOYER = "modelyard_tools.deployer"\n_BUNDLE = "bundle"\n',
    ),
    Patch(_DEPLOY, 'RunnableModule(addresses, "deployer")', "RunnableModule(addresses, _DEPLOYER)"),
    Patch(_DEPLOY, '            "deployer",\n', "            _DEPLOYER,\n"),
    Patch(f"{PLUGIN}/goals/deploy_test.py", '"deployer"', '"modelyard_tools.deployer"'),
    Patch(
        f"{PLUGIN}/goals/serve_test.py", '("deployer", "--re', '("modelyard_tools.deployer", "--re'
    ),
    Patch(f"{TOOLS}/adopt/write.py", 'files("adopt")', 'files("modelyard_tools.adopt")'),
    Patch(f"{TOOLS}/scaffold/write.py", 'files("scaffold")', 'files("modelyard_tools.scaffold")'),
    Patch(f"{TOOLS}/deployer/daemon.py", '"-m", "embedded"', '"-m", "modelyard_tools.embedded"'),
    Patch(f"{TOOLS}/deployer/testing.py", '"-m", "deployer"', '"-m", "modelyard_tools.deployer"'),
    Patch(
        f"{TOOLS}/embedded/testing/process.py",
        '"-m", "embedded"',
        '"-m", "modelyard_tools.embedded"',
    ),
    Patch(
        f"{TOOLS}/embedded/main.py",
        'getLogger("embedded")',
        'getLogger("modelyard_tools.embedded")',
    ),
    Patch(
        f"{TOOLS}/doctor/probes/platform.py",
        'startswith("embedded")',
        'startswith("modelyard_tools.embedded")',
    ),
    Patch(
        f"{TOOLS}/deployer/develop.py",
        '_LIBRARY: Final = "serving"',
        '_LIBRARY: Final = "modelyard"',
    ),
    Patch(
        f"{TOOLS}/deployer/diagnosis.py", '"/serving/worker.py"', '"/modelyard/serving/worker.py"'
    ),
    Patch(
        "tests/classic_weights/path_test.py",
        'f"weights.{module}"',
        'f"modelyard_tools.weights.{module}"',
    ),
)
_HANDLERS: Final = f"{LIBRARY}/serving/function_test.py"
_REFERENCES: Final = (
    Patch(
        f"{TOOLS}/weights/torch_checkpoint_test.py",
        r"it names \w*\.?{name}",
        r"it names (\w+\.)*{name}",
    ),
    Patch(_HANDLERS, '"serving:nothing"', '"modelyard.serving:nothing"'),
    Patch(_HANDLERS, 'match="serving has no', 'match=r"modelyard.serving has no'),
)
NAMES: Final = (*_SETTINGS, *_NAMED, *_REFERENCES)
