"""Machines as they described themselves."""

from core.registry.clock import now


def test_what_a_machine_said_last_is_kept(registry):
    registry.note_node("b", {"version": "1"})
    registry.note_node("a", {"version": "1"})
    registry.note_node("b", {"version": "2", "gpus": [{"name": "GPU-1"}]})
    records = registry.node_records()
    assert [(record.name, record.facts["version"]) for record in records] == [("a", "1"), ("b", "2")]
    assert records[1].facts["gpus"] == [{"name": "GPU-1"}]


def test_when_it_was_seen_is_of_the_clock_of_the_database(registry):
    registry.note_node("a", {})
    with registry.reading() as connection:
        time = connection.scalar(now())
    assert 0 <= time - registry.node_records()[0].seen_at < 60


def test_a_machine_is_forgotten_once(registry):
    registry.note_node("a", {})
    assert registry.forget_node("a") and not registry.forget_node("a")
    assert registry.node_records() == []
