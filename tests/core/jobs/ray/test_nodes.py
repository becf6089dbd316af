"""What Ray says of its machines."""

import pytest

from core.jobs.ray.nodes import nodes_of, used_of


def test_of_machines_with_one_name_the_newest_counts():
    def listed(number, state):
        return {
            "node_id": str(number), "node_ip": "10.0.0.1", "node_name": "n1", "state": state,
            "resources_total": {"CPU": 2.0}, "start_time_ms": number,
        }  # fmt: skip

    answer = {"data": {"result": {"result": [listed(2, "ALIVE"), listed(1, "DEAD")]}}}
    assert [(one.id, one.is_alive) for one in nodes_of(answer)] == [("2", True)]


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {"clusterStatus": None}}])
def test_without_an_autoscaler_nothing_is_known_of_others(answer):
    assert used_of(answer) == {}
