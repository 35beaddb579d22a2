from __future__ import annotations

import pytest

from modelyard_contract.names import FunctionNameError, check_function_name, function_name


@pytest.mark.parametrize("name", ["a", "7", "coco-ssd", "pth--x", "a" * 63, "dashboards"])
def test_dns_labels_are_names(name: str) -> None:
    check_function_name(name)


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a_b", "a.b", "a/b", "../a", "a\n", "ä", "a" * 64]
)
def test_what_is_no_dns_label_is_refused(name: str) -> None:
    with pytest.raises(FunctionNameError, match="inner dashes are accepted, 63 at most"):
        check_function_name(name)


@pytest.mark.parametrize("name", ["dashboard", "controller", "dlx", "scaler", "platform"])
def test_names_of_nuclios_own_services_are_refused(name: str) -> None:
    with pytest.raises(FunctionNameError, match="reserved are dashboard"):
        check_function_name(name)


def test_a_package_of_python_gives_a_name() -> None:
    assert function_name("Coco_SSD") == "coco-ssd"
