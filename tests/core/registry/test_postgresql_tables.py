"""The check, the size and the numbers of a registry on PostgreSQL."""

from sqlalchemy import insert

from core.registry.postgresql_tables import damage_of, restart_numbers, size_of
from core.registry.schema import runs
from tests.core.registry.databases import ON_POSTGRESQL
from tests.factories import make_run


@ON_POSTGRESQL
def test_a_row_whose_owner_is_missing_is_found(running):
    with running.writing() as connection:
        assert damage_of(connection) == []
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # switches off references
        connection.exec_driver_sql("UPDATE attempts SET run_id = 'r-gone'")
        assert damage_of(connection) == ["attempts: a row refers to a missing row of runs"]
        connection.exec_driver_sql("UPDATE attempts SET run_id = 'r-1'")


@ON_POSTGRESQL
def test_the_size_is_that_of_all_tables(flowers):
    with flowers.reading() as connection:
        pages = size_of(connection)
    assert pages % 8192 == 0 and pages > 100_000


@ON_POSTGRESQL
def test_new_numbers_follow_those_that_were_inserted(running):
    with running.writing() as connection:
        row = connection.execute(runs.select().where(runs.c.id == "r-2")).one()._asdict()
        connection.execute(insert(runs).values(row | {"number": 70, "id": "r-70", "name": "seventy"}))
        restart_numbers(connection)
    running.add_run(make_run(3))
    assert max(running.matching_numbers(_all())) == 71


def _all():
    from core.registry.search import RunQuery

    return RunQuery(statuses=())
