from __future__ import annotations

import pytest

from modelyard_contract.ports import PortRuleError, check_port, derived_port, require_unique


def test_a_derived_port_is_stable_and_below_the_ephemeral_range() -> None:
    # The literal guards against a change of the rule, which would move every deployed function.
    assert derived_port("coco-ssd") == 25460
    ports = [derived_port(f"function-{i}") for i in range(500)]
    # Linux' documentation of ip_local_port_range: 32768 to 60999 by default.
    assert all(1024 <= port < 32768 for port in ports)
    assert len(set(ports)) > 450


def test_unique_ports_pass() -> None:
    require_unique({"a": 20000, "b": 20001})


def test_a_conflict_names_both_functions_and_a_free_port() -> None:
    with pytest.raises(PortRuleError) as error:
        require_unique({"a:a": 20000, "b:b": 20000, "c:c": 20001})
    assert str(error.value) == (
        "a:a and b:b share port 20000; set port=20002 (free) on one of them"
    )


@pytest.mark.parametrize("port", [1024, 20000, 8082, 65535])
def test_a_function_may_have_any_port_that_needs_no_privileges(port: int) -> None:
    check_port(port)


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        (0, "from 1024 to 65535"),
        (1023, "from 1024 to 65535"),
        (65536, "from 1024 to 65535"),
        (8070, "the dashboard listens there"),
        (8080, "CVAT listens there"),
    ],
)
def test_other_ports_are_refused_with_a_reason(port: int, reason: str) -> None:
    with pytest.raises(PortRuleError, match=reason):
        check_port(port)
