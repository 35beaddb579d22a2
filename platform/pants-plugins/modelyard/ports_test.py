from __future__ import annotations

import pytest

from modelyard.ports import FIRST_PORT, LAST_PORT, PortConflict, derived_port, require_unique


def test_a_derived_port_is_stable_and_below_the_ephemeral_range() -> None:
    # The literal guards against a change of the rule, which would move every deployed function.
    assert derived_port("coco-ssd") == 25460
    ports = [derived_port(f"function-{i}") for i in range(500)]
    assert all(FIRST_PORT <= port <= LAST_PORT for port in ports)
    assert len(set(ports)) > 450


def test_unique_ports_pass() -> None:
    require_unique({"a": 20000, "b": 20001})


def test_a_conflict_names_both_functions_and_a_free_port() -> None:
    with pytest.raises(PortConflict) as error:
        require_unique({"a:a": 20000, "b:b": 20000, "c:c": 20001})
    assert str(error.value) == (
        "a:a and b:b share port 20000; set port=20002 (free) on one of them"
    )
