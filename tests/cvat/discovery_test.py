"""CVAT's view of the functions before it calls any."""

import pytest

from cvat.client import CvatServer
from cvat.metadata import KINDS
from modelyard_tools.embedded.testing.process import PlatformProcess


@pytest.mark.parametrize("host", ["localhost", "nuclio", "host.docker.internal", "lab.example.org"])
def test_the_list_is_readable_whatever_cvat_calls_the_machine(
    platform: PlatformProcess, host: str
) -> None:
    functions = CvatServer(platform.port, "dashboard", host).functions()
    assert {function.kind for function in functions.values()} == set(KINDS)
    assert all(name == function.id for name, function in functions.items())
    assert all(function.description and function.port for function in functions.values())


def test_one_function_is_read_as_in_the_list(cvat: CvatServer) -> None:
    for name, function in cvat.functions().items():
        again = cvat.function(name)
        assert (again.port, again.kind, again.labels.names) == (
            function.port,
            function.kind,
            function.labels.names,
        )


def test_an_interactor_says_what_the_interface_shall_ask_for(cvat: CvatServer) -> None:
    function = cvat.function("tiny-interactor")
    assert function.version >= 2
    assert (function.min_pos_points, function.min_neg_points) == (1, 0)
    assert function.startswith_box_optional
    assert not function.startswith_box


def test_trackers_of_both_forms_are_told_apart(cvat: CvatServer) -> None:
    functions = cvat.functions()
    assert functions["tiny-tracker"].supported_shape_types is None
    assert functions["tiny-drifter"].supported_shape_types == ("rectangle", "polygon")


def test_labels_are_declared_with_their_types(cvat: CvatServer) -> None:
    labels = cvat.function("tiny-shapes").labels
    assert labels.by_name("a skeleton").type == "skeleton"
    assert [joint.name for joint in labels.by_name("a skeleton").sublabels] == ["head", "foot"]
    assert all(label.type != "any" for label in labels)
