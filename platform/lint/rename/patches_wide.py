"""Lines that the new names made too long, and that are no prose."""

from typing import Final

from patch import LIBRARY, PLUGIN, TOOLS, Patch

WIDE: Final = (
    Patch(
        f"{LIBRARY}/inference/openvino_test.py",
        ", modelyard.inference.threads\\n",
        '\\n"\n        "import modelyard.inference.threads\\n',
    ),
    Patch(
        f"{PLUGIN}/util_rules/sources_test.py",
        """: 'python_sources(resolve=parametrize("default", "openvino"))'}
""",
        """: (
                'python_sources(resolve=parametrize("default", "openvino"))'
            )}
""",
    ),
    Patch(
        f"{TOOLS}/doctor/checks/machine.py",
        """        "MODELYARD_HOST=0.0.0.0 with a MODELYARD_TOKEN; see platform/""",
        """        "MODELYARD_HOST=0.0.0.0 with a MODELYARD_TOKEN; see "
        "platform/""",
    ),
    Patch(
        f"{TOOLS}/doctor/checks/platform.py",
        """            " bridge too, with MODELYARD_HOST: see platform/""",
        """            " bridge too, with MODELYARD_HOST: see"
            " platform/""",
    ),
    Patch(
        f"{TOOLS}/experiments/cvat_function.py",
        """    --function-module modelyard_tools.experiments.cvat_function -p""",
        """    --function-module modelyard_tools.experiments.cvat_function \\
    -p""",
    ),
    Patch(
        "docs/experiments.md",
        """  --function-module modelyard_tools.experiments.cvat_function -p""",
        """  --function-module modelyard_tools.experiments.cvat_function \\
  -p""",
    ),
    Patch(
        f"{TOOLS}/images/build.py",
        " [--sources DIR] [--path P] [--serves]\n        --out DIR\n",
        " [--sources DIR]\n        [--path P] [--serves] --out DIR\n",
    ),
    Patch(
        f"{TOOLS}/images/build.py",
        " --into ENVIRONMENT --out DIR\n",
        " --into ENVIRONMENT\n        --out DIR\n",
    ),
    Patch(
        f"{TOOLS}/images/build.py",
        " --model FILE --spec FILE --out DIR\n",
        " --model FILE\n        --spec FILE --out DIR\n",
    ),
    Patch(
        f"{TOOLS}/weights/store_test.py",
        """import Digest; from modelyard_tools""",
        """import Digest\\n"
            "from modelyard_tools""",
    ),
    Patch(
        f"{TOOLS}/deployer/debugger/sitecustomize.py.txt",
        """    return any(word == "modelyard.serving.worker" or""",
        """    ours = "modelyard.serving.worker"
    return any(word == ours or""",
    ),
    Patch(f"{TOOLS}/experiments/BUILD", '{"testing.py": {', '{\n        "testing.py": {'),
    Patch(
        f"{TOOLS}/experiments/BUILD",
        'nuclio.py@resolve=experiments"]}},',
        'nuclio.py@resolve=experiments"]},\n    },',
    ),
    Patch("tests/image_suite/BUILD", '{"doctor_test.py": {', '{\n        "doctor_test.py": {'),
    Patch("tests/image_suite/BUILD", '/__main__.py"]}},', '/__main__.py"]},\n    },'),
    Patch(
        "tests/samples/BUILD",
        """    dependencies=["3rdparty/python/openvino:dev#scikit-image", "lib/""",
        """    dependencies=[
        "3rdparty/python/openvino:dev#scikit-image",
        "lib/""",
    ),
    Patch(
        "tests/samples/BUILD",
        """lib/modelyard/serving/nuclio.py@resolve=openvino"],
""",
        """lib/modelyard/serving/nuclio.py@resolve=openvino",
    ],
""",
    ),
)
