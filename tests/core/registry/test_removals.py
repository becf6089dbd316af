"""All about an account, and its end: looked for in every table, so that a new one is not forgotten."""

import json

import pyotp
import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.people.acting import Person, Role, acting_as
from core.registry import removals as module
from core.registry.schema import metadata
from tests.factories import make_dataset, make_photos, make_run

ANNA = Person(name="anna", role=Role.TRAINER)
OF_PEOPLE = {"owner", "user", "who"}
"""Names of columns with an account."""


@pytest.fixture
def full(registry):
    """A registry in which every table that knows accounts has a row of anna."""
    for name, role in (("anna", "trainer"), ("bert", "trainer"), ("root", "admin"), ("anna2", "trainer")):
        registry.add_user(name, role)
        registry.store_password(name, "a hash")
    registry.new_link("anna")
    registry.connect_account("anna", "anna@lab.example")
    registry.open_session("anna", address="192.0.2.1", agent="Firefox", how="password")
    registry.begin_second_step("anna", "password")
    registry.begin_sign_in("anna", "192.0.2.1")
    registry.sign_in_failed("anna", "192.0.2.1", "wrong password")
    with acting_as(ANNA):
        registry.confirm_second_factor(pyotp.TOTP(registry.begin_second_factor()).now())
        registry.create_token("notebook", "train")
        dataset = make_dataset()
        registry.add_dataset(dataset, make_photos())
        registry.add_run(make_run(1, id="r-1"))
        registry.add_shortlist(dataset.id, {}, {}, 1.0)
    with registry.writing(least=None) as connection:
        connection.execute(
            metadata.tables["alias_moves"].insert(),
            [
                {"dataset_id": dataset.id, "alias": "champion", "run_name": "x", "at": 0.0, "who": who, "why": ""}
                for who in ("anna", "anna (token notebook)", "anna2")
            ],
        )
    registry.record_sizes({"r-1": 5})
    return registry


def places_of(registry, name: str) -> set[str]:
    """``table.column`` of every value that is, or begins with, the name, also inside of JSON."""
    found = set()
    with registry.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                for column, value in row._mapping.items():
                    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
                    if text == name or text.startswith(f"{name} (") or f'"{name}"' in text or f":{name}@" in text:
                        found.add(f"{table.name}.{column}")
    return found


def columns_of_people() -> set[str]:
    return {f"{table.name}.{one}" for table in metadata.sorted_tables for one in OF_PEOPLE & set(table.c.keys())}


def test_every_table_that_knows_accounts_is_looked_at(full):
    """A new table with an account fails here, until it is in ``removals`` and in the fixture."""
    handled = {f"{table.name}.owner" for table in module.OWNED} | {f"{table.name}.who" for table in module.HISTORIES}
    handled |= {str(column) for column in module.FORGOTTEN} | {"log.who"}
    assert columns_of_people() == handled
    assert columns_of_people() <= places_of(full, "anna")
    secrets = {"second_factors", "recovery_codes", "second_steps"}  # in the account, but for what they are
    assert {one.partition(".")[0] for one in handled} == secrets | {table.name for table, _ in module.TOLD.values()}


def test_what_an_account_owns_is_counted_before_it_is_deleted(full):
    owned = full.belongings(" Anna ")
    assert (owned.datasets, owned.runs, bool(owned)) == (1, 1, True)
    assert not full.belongings("anna2") and str(full.belongings("anna2")) == "nothing"
    with pytest.raises(NotFound):
        full.belongings("nobody")


def test_nothing_of_a_deleted_account_is_left_but_in_the_log(full):
    owned = full.delete_user("anna", "bert")
    assert (owned.datasets, owned.runs, str(owned)) == (1, 1, "1 dataset and 1 run")
    assert places_of(full, "anna") == {"log.detail", "log.who"}
    assert full.stored_by("bert").runs == 5
    assert full.datasets()[0].owner == full.run("r-1").owner == "bert"
    assert not [one for one in full.tokens() if one.name == "notebook"] and not full.sessions("anna")
    entry = full.log_entries(1)[0]
    assert entry.action == "delete_user" and entry.detail == {"user": "anna", "heir": "bert", "datasets": 1, "runs": 1}
    with full.reading() as connection:
        moves = sorted(connection.scalars(select(metadata.tables["alias_moves"].c.who)))
        limits = list(connection.scalars(select(metadata.tables["sign_in_limits"].c.key)))
    assert moves == [module.FORMER, module.FORMER, "anna2"]
    assert not [key for key in limits if key.startswith("account/")]


def test_the_log_cannot_be_changed_for_it(full):
    before = full.log_entries(1000)
    full.delete_user("anna", "bert")
    assert full.log_entries(1000)[1:] == before


def test_an_heir_is_named_where_there_is_something(full):
    for heir in ("", "anna", " Anna "):
        with pytest.raises(InvalidInput, match="1 dataset and 1 run|another account"):
            full.delete_user("anna", heir)
    with pytest.raises(NotFound):
        full.delete_user("anna", "nobody")
    full.disable_user("bert")
    with pytest.raises(InvalidInput, match="not disabled"):
        full.delete_user("anna", "bert")
    assert full.user("anna").can_sign_in and full.run("r-1").owner == "anna"
    assert not full.delete_user("anna2")
    assert full.log_entries(1)[0].detail["heir"] == ""


def test_only_admins_delete_and_the_last_admin_stays(full):
    with acting_as(ANNA), pytest.raises(Forbidden, match="needs the role admin"):
        full.delete_user("bert")
    with pytest.raises(Conflict, match="root is the only admin"):
        full.delete_user("root")
    assert full.user("root").can_sign_in
    full.set_role("bert", "admin")
    full.delete_user("root")
    assert [one.name for one in full.users()] == ["anna", "anna2", "bert"]


def test_the_name_of_a_deleted_account_is_given_to_nobody(full):
    full.delete_user("anna2")
    with pytest.raises(Conflict, match="'anna2' was deleted"):
        full.add_user("anna2", "viewer")
    assert full.add_user("anna3", "viewer").name == "anna3"


def test_a_person_is_told_everything_but_secrets_and_nothing_of_others(full):
    with acting_as(Person(name="bert", role=Role.TRAINER)):
        full.log("launch", {"runs": ["r-9"]})
    told = full.account_data("anna")
    text = json.dumps(told)
    assert told["account"]["has_password"] and told["account"]["recovery_codes_left"] == 8
    assert told["account"]["openid"] == "mailto:anna@lab.example"
    assert [one["address"] for one in told["sessions"]] == ["192.0.2.1"]
    assert [one["name"] for one in told["access_tokens"]] == ["notebook"]
    assert [one["id"] for one in told["runs"]] == ["r-1"] and len(told["datasets"]) == 1
    assert len(told["alias_moves"]) == 2 and len(told["shortlists"]) == 1 and len(told["one_time_links"]) == 1
    actions = [one["action"] for one in told["log"]]
    assert {"add_user", "sign_in", "sign_in_failed", "set_second_factor", "create_token"} <= {*actions}
    assert "a hash" not in text and "digest" not in text and "r-9" not in text and "anna2" not in text
    with pytest.raises(NotFound):
        full.account_data("nobody")
