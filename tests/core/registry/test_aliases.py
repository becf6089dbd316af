"""Aliases: one run of a dataset by a name of its own, with a history that nothing is ever taken out of."""

import threading

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from core.runs.values import Status
from tests.factories import fill


@pytest.fixture
def filled(registry):
    return fill(registry, runs=9)


@pytest.fixture
def three(filled):
    """The ids of three finished runs."""
    return [run.id for run in filled.with_status(Status.FINISHED)][:3]


def holder(registry, filled) -> str | None:
    (held,) = registry.held_aliases(filled.dataset.id)
    return held.move.run_id if held.there else None


def test_a_run_that_becomes_champion_is_found_by_dataset_and_alias(registry, filled, three):
    move = registry.set_alias(three[0], "champion", who="ada", why="steady on the night photos")
    assert (move.run_id, move.run_name, move.who) == (three[0], registry.run(three[0]).name, "ada")
    for reference in ("flowers@champion", "flowers:1@champion", f"{filled.dataset.id}@champion"):
        assert registry.run(reference).id == registry.model(reference).run_id == three[0]


def test_every_change_is_one_more_entry_with_who_when_and_why(registry, filled, three):
    for run_id, why in zip(three, ("first", "better", "cheaper"), strict=True):
        registry.set_alias(run_id, "champion", who="ada", why=why)
    history = registry.alias_history(filled.dataset.id, "champion")
    assert [move.why for move in history] == ["cheaper", "better", "first"]
    assert [move.at for move in history] == sorted((move.at for move in history), reverse=True)


def test_the_same_again_changes_nothing_unless_it_says_why(registry, filled, three):
    first = registry.set_alias(three[0], "champion", why="good")
    assert registry.set_alias(three[0], "champion") == first == registry.set_alias(three[0], "champion", why="good")
    assert registry.set_alias(three[0], "champion", why="still good").number > first.number
    assert len(registry.alias_history(filled.dataset.id)) == 2


def test_each_rollback_is_a_new_entry_and_goes_back_one_step_more(registry, filled, three):
    for run_id in three:
        registry.set_alias(run_id, "champion")
    assert registry.before_alias(filled.dataset.id, "champion").run_id == three[1]
    back = registry.roll_back_alias(filled.dataset.id, "champion", who="ada", why="too slow")
    assert (back.run_id, back.restores, back.why) == (three[1], 2, "too slow")
    assert registry.roll_back_alias(filled.dataset.id, "champion").run_id == three[0]
    assert len(registry.alias_history(filled.dataset.id)) == 5
    with pytest.raises(Conflict, match="nothing to go back to"):
        registry.roll_back_alias(filled.dataset.id, "champion")
    assert holder(registry, filled) == three[0]


def test_going_back_to_a_run_by_hand_can_itself_be_rolled_back(registry, filled, three):
    for run_id in (three[0], three[1], three[0]):
        registry.set_alias(run_id, "champion")
    assert registry.roll_back_alias(filled.dataset.id, "champion").run_id == three[1]


def test_an_alias_can_be_taken_away_and_given_back(registry, filled, three):
    registry.set_alias(three[0], "champion")
    assert registry.drop_alias(filled.dataset.id, "champion", why="none is good enough").run_id is None
    assert holder(registry, filled) is None
    with pytest.raises(NotFound, match="No run of flowers version 1 is 'champion'"):
        registry.run("flowers@champion")
    with pytest.raises(Conflict, match="nothing to take away"):
        registry.drop_alias(filled.dataset.id, "champion")
    assert registry.roll_back_alias(filled.dataset.id, "champion").run_id == three[0]


def test_an_alias_whose_run_was_deleted_is_empty_and_says_so(registry, filled, three):
    registry.set_alias(three[0], "champion")
    registry.set_alias(three[1], "champion")
    name = registry.run(three[1]).name
    registry.delete_runs([three[1]])
    assert holder(registry, filled) is None
    with pytest.raises(NotFound, match=rf"was {name} \({three[1]}\), which was deleted since"):
        registry.run("flowers@champion")
    assert registry.alias_history(filled.dataset.id)[0].run_name == name
    assert registry.roll_back_alias(filled.dataset.id, "champion").run_id == three[0]


def test_a_rollback_passes_over_runs_that_were_deleted(registry, filled, three):
    for run_id in three:
        registry.set_alias(run_id, "champion")
    registry.delete_runs([three[1]])
    assert registry.roll_back_alias(filled.dataset.id, "champion").run_id == three[0]


def test_aliases_and_datasets_do_not_mix(registry, filled, three):
    other = fill(registry, runs=1, name="fruit")
    registry.set_alias(three[0], "champion")
    registry.set_alias(three[1], "smallest")
    registry.set_alias(other.runs[0].id, "champion")
    assert {(held.move.dataset_id, held.move.alias) for held in registry.held_aliases()} == {
        (filled.dataset.id, "champion"), (filled.dataset.id, "smallest"), (other.dataset.id, "champion"),
    }  # fmt: skip
    assert registry.run("fruit@champion").id == other.runs[0].id
    assert registry.before_alias(filled.dataset.id, "champion") is None


def test_a_new_version_of_the_photos_begins_without_champion_and_says_where_there_is_one(registry, filled, three):
    registry.set_alias(three[0], "champion")
    fill(registry, runs=1)
    with pytest.raises(NotFound, match="No run of flowers version 2 is 'champion'. Version 1 has had one: flowers:1@"):
        registry.run("flowers@champion")
    assert registry.run("flowers:1@champion").id == three[0]


def test_only_a_finished_run_can_hold_an_alias(registry, filled):
    for status in set(Status) - {Status.FINISHED}:
        run = filled.with_status(status)[0]
        with pytest.raises(Conflict, match=f"Only a finished run can be champion.*{status}"):
            registry.set_alias(run.id, "champion")
    with pytest.raises(NotFound):
        registry.set_alias("r-nothing", "champion")


@pytest.mark.parametrize("alias", ["", "Champion", "my champion", "1st", "a@b", "x" * 41, "<b>", "é"])
def test_an_alias_is_a_word_that_can_be_typed(registry, three, alias):
    with pytest.raises(InvalidInput, match="An alias is a word"):
        registry.set_alias(three[0], alias)


@pytest.mark.parametrize("words", [{"who": "x" * 101}, {"why": "x" * 501}])
def test_who_and_why_have_an_end(registry, three, words):
    with pytest.raises(InvalidInput, match="may have up to"):
        registry.set_alias(three[0], "champion", **words)


@pytest.mark.parametrize("reference", ["@champion", "nothing@champion", "flowers@", "@", "a@b@c", "flowers@'; DROP"])
def test_an_unknown_reference_is_one_sentence(registry, filled, reference):
    with pytest.raises(NotFound) as caught:
        registry.run(reference)
    assert "\n" not in str(caught.value)


def test_the_history_goes_with_its_dataset(registry, filled, three):
    registry.set_alias(three[0], "champion")
    registry.end(filled.with_status(Status.RUNNING)[0].id, 1, Status.KILLED)
    registry.delete_dataset(filled.dataset.id)
    assert registry.alias_history(filled.dataset.id) == [] == registry.held_aliases()


def test_of_many_who_move_an_alias_at_once_none_is_lost(registry, filled, three):
    threads = [
        threading.Thread(target=registry.set_alias, args=(three[n % 3], "champion"), kwargs={"why": str(n)})
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(move.why) for move in registry.alias_history(filled.dataset.id)) == list(range(12))
