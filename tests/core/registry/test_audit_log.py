"""The log of what was done."""

import pytest
from sqlalchemy.exc import IntegrityError

from core.errors import Forbidden
from core.people.acting import Person, Role, acting_as
from tests.factories import make_run


def test_the_log_lists_what_was_done_newest_first(registry):
    for number in range(5):
        registry.log("delete run", {"run": f"r-{number}", "bytes": number})
    entries = registry.log_entries(2)
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("delete run", {"run": "r-4", "bytes": 4}),
        ("delete run", {"run": "r-3", "bytes": 3}),
    ]
    assert entries[0].at >= entries[1].at > 1_600_000_000


def test_the_log_says_who(registry):
    registry.log("launch", {})
    with acting_as(Person(name="anna", role=Role.TRAINER, via="token nb")):
        registry.log("launch", {})
    with acting_as(Person(name="annabel", role=Role.TRAINER)):
        registry.log("launch", {})
    assert [one.who for one in registry.log_entries()] == ["annabel", "anna (token nb)", "local"]
    assert [one.who for one in registry.log_entries(who="anna")] == ["anna (token nb)"]
    newest = registry.log_entries(1)[0]
    assert [one.who for one in registry.log_entries(before=newest.number)] == ["anna (token nb)", "local"]


@pytest.mark.parametrize("statement", ["UPDATE log SET who = 'eve'", "DELETE FROM log"])
def test_the_database_itself_refuses_to_change_the_log(registry, statement):
    registry.log("launch", {})
    with pytest.raises(IntegrityError, match="only grows"), registry.writing() as connection:
        connection.exec_driver_sql(statement)
    assert len(registry.log_entries()) == 1


def test_a_viewer_writes_nothing_else(flowers):
    """Whatever the method: the transaction is refused."""
    with acting_as(Person(name="eve", role=Role.VIEWER)):
        flowers.log("download", {})
        for write in (
            lambda: flowers.add_run(make_run(1)),
            lambda: flowers.delete_dataset("d-flowers1", {}),
            lambda: flowers.set_preference("currency", "EUR"),
        ):
            with pytest.raises(Forbidden, match="needs the role"):
                write()
    assert [entry.who for entry in flowers.log_entries()] == ["eve"]
    assert flowers.runs() == [] and len(flowers.datasets()) == 1


def test_a_deletion_is_known_by_its_name_and_by_what_it_deleted(registry):
    registry.log("delete runs", {"deletion": "one", "runs": ["r-1", "r-2"]})
    registry.log("delete dataset", {"deletion": "two", "dataset": "d-1", "runs": ["r-3"]})
    registry.log("launch", {"runs": ["r-9"]})
    assert registry.was_done("one") and not registry.was_done("three")
    assert registry.deleted() == {"d-1", "r-1", "r-2", "r-3"}
