"""Which tool converts what. The tools have tests of their own; `obtain_test.py` runs one."""

from __future__ import annotations

import pytest
from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.engine.fs import EMPTY_DIGEST, AddPrefix, Digest, FileDigest, RemovePrefix
from pants.engine.process import ProcessResult
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks

from modelyard_pants.common.option_tools import OptionTool
from modelyard_pants.testing.tools import venv_pex_of
from modelyard_pants.weights.convert import convert_weights
from modelyard_pants.weights.requests import (
    ConvertWeightsRequest,
    ExporterRun,
    LicensedRequest,
    Weights,
)

NOTHING = FileDigest("0" * 64, 0)
FETCHED, MOVED, MADE, LICENSED, EXPORTED = (Digest(letter * 64, 1) for letter in "abcde")


class _Tools:
    def __init__(self) -> None:
        self.processes: list[VenvPexProcess] = []
        self.runs: list[ExporterRun] = []
        self.licensed: list[LicensedRequest] = []

    def convert(self, process: VenvPexProcess) -> ProcessResult:
        self.processes.append(process)
        return ProcessResult(
            stdout=b"",
            stdout_digest=NOTHING,
            stderr=b"",
            stderr_digest=NOTHING,
            output_digest=EMPTY_DIGEST,
            metadata=None,  # type: ignore[arg-type]
        )

    def export(self, run: ExporterRun) -> Weights:
        self.runs.append(run)
        return Weights(EXPORTED)

    def license(self, request: LicensedRequest) -> Weights:
        self.licensed.append(request)
        return Weights(LICENSED)

    def weights(self, converter: str) -> Weights:
        def tool(tool: OptionTool) -> VenvPex:
            assert tool.option == "weights_converter"
            return venv_pex_of(EMPTY_DIGEST)

        def move(request: AddPrefix) -> Digest:
            assert request == AddPrefix(FETCHED, "in")
            return MOVED

        return run_rule_with_mocks(
            convert_weights,
            rule_args=[ConvertWeightsRequest(FETCHED, converter, "net")],
            mock_gets=[
                MockGet(Weights, (ExporterRun,), self.export),
                MockGet(VenvPex, (OptionTool,), tool),
                MockGet(Digest, (AddPrefix,), move),
                MockGet(ProcessResult, (VenvPexProcess,), self.convert),
                MockGet(Digest, (RemovePrefix,), lambda _: MADE),
                MockGet(Weights, (LicensedRequest,), self.license),
            ],
        )


@pytest.mark.parametrize(
    "converter", ["darknet", "openvino", "tfjs", "torch-dextr", "torch-mobilenetv2"]
)
def test_a_format_is_converted_without_torch(converter: str) -> None:
    """Of a checkpoint nothing is run, so torch's own reader is not there (docs/targets.md)."""
    tools = _Tools()
    assert tools.weights(converter) == Weights(LICENSED)
    assert tools.runs == []
    (process,) = tools.processes
    assert process.argv == (converter, "--in", "in", "--out", "out", "--name", "net")
    assert process.input_digest == MOVED
    assert process.output_directories == ("out",)
    # The licence of what was fetched goes with what was made of it.
    assert tools.licensed == [LicensedRequest(MADE, FETCHED)]


@pytest.mark.parametrize(
    ("converter", "tool", "module"),
    [
        ("torchscript", "weights_exporter", "conversion.torchscript"),
        ("ultralytics", "ultralytics_exporter", "checkpoints.ultralytics_export"),
        ("rfdetr", "rfdetr_exporter", "checkpoints.rfdetr_export"),
    ],
)
def test_what_only_torch_or_its_author_reads_is_exported_beside_them(
    converter: str, tool: str, module: str
) -> None:
    tools = _Tools()
    assert tools.weights(converter) == Weights(EXPORTED)
    full = f"modelyard_tools.weights.{module}"
    assert tools.runs == [ExporterRun(full, "net", FETCHED, tool=tool)]
    assert tools.processes == []
