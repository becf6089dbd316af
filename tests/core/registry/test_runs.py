"""Runs in the registry: adding, finding, annotating, deleting."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import event, insert

from core.errors import Conflict, InvalidInput, NotFound
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.recipe import Recipe
from core.registry.runs import run_row
from core.registry.schema import runs
from core.runs.colours import COLOURS
from core.runs.values import Cancel, Status
from tests.core.registry.databases import ON_SQLITE
from tests.factories import (
    fill,
    make_cost,
    make_epochs,
    make_evaluation,
    make_model,
    make_run,
)


def test_a_run_comes_back_as_it_was_stored(flowers):
    recipe = Recipe(backbone="b", hyperparameters=Hyperparameters(epochs=7, learning_rate=3e-4, dropout=1 / 3, seed=9))
    given = make_run(1, recipe=recipe, name="näme 🌹", notes="two\nlines", tags=("a", "b,c"), priority=-2)
    stored = flowers.add_run(given)
    assert stored == replace(given, position=1.0)
    assert flowers.run(given.id) == stored
    assert flowers.runs() == [stored]


def test_a_new_run_waits_whatever_it_says_of_itself_and_gets_the_time_it_was_added(flowers):
    stored = flowers.add_run(make_run(1, status=Status.FINISHED, created_at=0.0))
    assert stored.status == Status.SCHEDULED
    assert stored.created_at > 1_600_000_000


def test_newest_runs_come_first_and_can_be_filtered(registry):
    first, second = fill(registry), fill(registry)
    assert [run.id for run in registry.runs()] == [run.id for run in reversed(first.runs + second.runs)]
    assert [run.id for run in registry.runs(first.dataset.id)] == [run.id for run in reversed(first.runs)]
    assert {run.status for run in registry.runs(status=Status.FINISHED)} == {Status.FINISHED}
    assert len(registry.runs(dataset_id=first.dataset.id, status=Status.FINISHED)) == 2
    assert registry.runs(limit=3) == registry.runs()[:3]


def test_a_run_is_found_by_the_beginning_of_its_id_when_only_one_begins_so(flowers):
    first = flowers.add_run(make_run(1, id="r-aab00000"))
    second = flowers.add_run(make_run(2, id="r-aac00000"))
    assert flowers.run("r-aab") == first
    assert flowers.run("r-aac00000") == second
    with pytest.raises(InvalidInput, match="Several runs begin with 'r-aa', for example r-aab00000 and r-aac00000"):
        flowers.run("r-aa")


def test_an_id_that_another_one_begins_with_is_still_found(flowers):
    short = flowers.add_run(make_run(1, id="r-aa"))
    flowers.add_run(make_run(2, id="r-aab"))
    assert flowers.run("r-aa") == short


@pytest.mark.parametrize("ref", ["", "r-none", "%", "_", "R-AAB", "' OR 1=1 --", "../../etc/passwd"])
def test_an_unknown_run_is_named_in_one_sentence(flowers, ref):
    flowers.add_run(make_run(1, id="r-aab00000"))
    with pytest.raises(NotFound) as caught:
        flowers.run(ref)
    assert str(caught.value).startswith(f"There is no run {ref!r}.")


def test_an_id_is_taken_only_once(flowers):
    flowers.add_run(make_run(1))
    with pytest.raises(Conflict, match="already there"):
        flowers.add_run(make_run(1))


def test_a_run_can_only_extend_one_that_is_there(flowers):
    with pytest.raises(NotFound, match="no run 'r-none' to extend"):
        flowers.add_run(make_run(1, extends="r-none"))


def test_words_about_a_run_change_only_where_they_are_given(flowers):
    run = flowers.add_run(make_run(1, notes="old", tags=("x",)))
    renamed = flowers.annotate(run.id, name="mine")
    assert renamed == replace(run, name="mine")
    assert flowers.annotate(run.id, notes="", tags=["a", "b"]) == replace(renamed, notes="", tags=("a", "b"))
    assert flowers.annotate(run.id) == flowers.run(run.id)
    with pytest.raises(InvalidInput, match="needs a name"):
        flowers.annotate(run.id, name="  ")
    with pytest.raises(NotFound):
        flowers.annotate("r-none", name="x")


def test_deleting_a_run_deletes_all_it_left_and_nothing_else(registry):
    filled = fill(registry)
    gone, kept = filled.with_status(Status.FINISHED)
    registry.delete_runs([gone.id])
    with pytest.raises(NotFound):
        registry.run(gone.id)
    with pytest.raises(NotFound):
        registry.model(gone.id)
    assert (registry.epochs(gone.id), registry.attempts(gone.id)) == ([], [])
    assert (registry.evaluation(gone.id), registry.cost(gone.id)) == (None, None)
    assert registry.run(kept.id) == kept
    assert registry.model(kept.id).run_id == kept.id
    assert len(registry.epochs(kept.id)) == 12


def test_beside_a_running_run_nothing_is_deleted(registry):
    filled = fill(registry)
    (running,), (ended, *_) = filled.with_status(Status.RUNNING), filled.with_status(Status.FINISHED)
    with pytest.raises(Conflict, match=f"Cancel what is running first: {running.id}"):
        registry.delete_runs([ended.id, running.id])
    assert registry.run(ended.id) == ended


def test_a_run_that_extends_a_deleted_one_stays(flowers):
    base = flowers.add_run(make_run(1))
    longer = flowers.add_run(make_run(2, extends=base.id))
    assert flowers.run(longer.id).extends == base.id
    flowers.delete_runs([base.id])
    assert flowers.run(longer.id) == replace(longer, extends=None)


def test_a_list_of_runs_is_one_query_however_many_there_are(registry):
    fill(registry, runs=12, epochs=1)
    statements = []
    event.listen(
        registry.database._engine,
        "before_cursor_execute",
        lambda c, cur, statement, *rest: statements.append(statement),
    )
    assert len(registry.runs()) == 12
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1
    registry.costs([run.id for run in registry.runs()])
    assert len([statement for statement in statements if "FROM costs" in statement]) == 1


def test_all_values_of_a_run_come_back_as_they_were_given(flowers):
    run = flowers.add_run(make_run(1))
    flowers.claim("GPU-1", "me")
    epochs, evaluation = make_epochs(5), make_evaluation()
    cost = make_cost(
        device_seconds=1.5, peak_gpu_bytes=2**33, energy_joules=0.1, energy_source="NVML", ms_per_photo=None
    )
    model = make_model(run, card={"deep": [{"é": None, "x": 0.1}], "": True})
    for epoch in epochs:
        flowers.record_epoch(run.id, 1, epoch)
    flowers.finish(run.id, 1, evaluation=evaluation, cost=cost, model=model, best_epoch=4)
    assert flowers.epochs(run.id) == epochs
    assert flowers.evaluation(run.id) == evaluation
    assert flowers.cost(run.id) == cost
    assert flowers.model(run.id) == flowers.model(model.id) == model
    ended = flowers.run(run.id)
    assert (ended.status, ended.best_epoch, ended.epochs_done) == (Status.FINISHED, 4, 5)
    assert (ended.test_accuracy, ended.test_low, ended.test_high) == (evaluation.accuracy, *evaluation.ci95)
    assert (ended.wall_seconds, ended.slot, ended.cancel) == (cost.wall_seconds, "GPU-1", None)


def test_what_a_user_asked_of_a_run_comes_back_as_a_value(flowers):
    run = flowers.add_run(make_run(1))
    flowers.claim("cpu", "me")
    assert flowers.request_cancel(run.id, Cancel.AFTER_EPOCH).cancel is Cancel.AFTER_EPOCH
    assert flowers.run(run.id).status is Status.RUNNING


def test_stars_and_the_archive_are_put_on_and_taken_off_many_at_once(registry):
    ids = [run.id for run in fill(registry).runs]
    registry.mark(ids, starred=True)
    registry.mark(ids[1:], starred=False, archived=True)
    assert [(registry.run(id_).starred, registry.run(id_).archived) for id_ in ids[:2]] == [
        (True, False),
        (False, True),
    ]
    registry.mark(ids, archived=False)
    assert not any(run.archived for run in registry.runs())


def test_an_unknown_run_among_many_changes_none(registry):
    ids = [run.id for run in fill(registry).runs[1:3]]
    for change in (
        lambda: registry.mark([*ids, "r-none"], starred=True),
        lambda: registry.retag([*ids, "r-none"], ["x"]),
    ):
        with pytest.raises(NotFound, match="r-none"):
            change()
    assert not any(registry.run(id_).starred or registry.run(id_).tags for id_ in ids)


def test_names_and_tags_hold_nothing_a_terminal_obeys_and_no_text_turned_round(flowers):
    run = flowers.annotate(
        flowers.add_run(make_run(1)).id, name="a\x1b[2J\u202eb\nc", tags=["\u202enight\x07", "a\tb", "\x07"]
    )
    assert run.name == "a[2Jb c" and run.tags == ("night", "a b")
    with pytest.raises(InvalidInput, match="needs a name"):
        flowers.annotate(run.id, name="\x1b\u202e")


def test_tags_are_added_and_removed_and_the_others_keep_their_order(flowers):
    one = flowers.add_run(make_run(1, tags=("b", "a")))
    other = flowers.add_run(make_run(2))
    flowers.retag([one.id, other.id], add=["  new   tag ", "a", ""], remove=[" b "])
    assert flowers.run(one.id).tags == ("a", "new tag")
    assert flowers.run(other.id).tags == ("new tag", "a")


def test_words_that_are_too_long_are_refused_in_one_sentence(flowers):
    run = flowers.add_run(make_run(1))
    for words in ({"name": "x" * 201}, {"notes": "x" * 20_001}, {"tags": ["x" * 41]}, {"tags": map(str, range(51))}):
        with pytest.raises(InvalidInput, match="may have up to"):
            flowers.annotate(run.id, **words)
    assert flowers.run(run.id) == run


def test_many_runs_are_deleted_or_none(registry):
    filled = fill(registry)
    ended = [run.id for run in filled.runs if run.status.ended]
    (running,) = filled.with_status(Status.RUNNING)
    with pytest.raises(Conflict, match=f"Cancel what is running first: {running.id}"):
        registry.delete_runs([*ended, running.id])
    assert len(registry.runs()) == 6
    registry.delete_runs([*ended, "r-gone already"])
    assert {run.id for run in registry.runs()} == {run.id for run in filled.runs} - set(ended)


# --- name and colour ---


def test_a_name_that_another_run_of_the_dataset_has_gets_what_differs(flowers):
    first = make_run(1, name="Lite1")
    second = replace(
        make_run(2, name="Lite1"), recipe=replace(first.recipe, hyperparameters=Hyperparameters(epochs=20))
    )
    assert [flowers.add_run(run).name for run in (first, second)] == ["Lite1", "Lite1 · 20 epochs"]
    assert flowers.add_run(make_run(3, name="Lite1", recipe=first.recipe)).name == "Lite1 #2"
    assert flowers.new_names(first.dataset_id, [("Lite1", first.recipe), ("Lite7", first.recipe)]) == [
        "Lite1 #3",
        "Lite7",
    ]


def test_runs_of_two_datasets_may_have_one_name(registry):
    names = [[run.name for run in fill(registry).runs] for _ in range(2)]
    assert names[0] == names[1] and len(set(names[0])) == len(names[0])


def test_a_run_cannot_be_renamed_to_a_name_that_is_taken(flowers):
    first, second = flowers.add_run(make_run(1, name="one")), flowers.add_run(make_run(2, name="two"))
    with pytest.raises(Conflict, match=f"Another run of this dataset .{first.id}. is called 'one' already; choose"):
        flowers.annotate(second.id, name=" one ", notes="lost?")
    assert flowers.run(second.id) == second
    assert flowers.annotate(second.id, name="two").name == "two", "its own name is no conflict"
    flowers.delete_runs([first.id])
    assert flowers.annotate(second.id, name="one").name == "one"


def test_colours_are_unlike_each_other_as_long_as_the_palette_lasts_and_stay(flowers):
    added = [flowers.add_run(make_run(number)) for number in range(COLOURS + 2)]
    assert [run.colour for run in added] == list(range(COLOURS + 2))
    flowers.delete_runs([added[3].id])
    assert flowers.add_run(make_run(90)).colour == 3
    flowers.mark([added[5].id, added[0].id], archived=True)
    assert flowers.add_run(make_run(91)).colour == 5 + COLOURS, "the colour that the fewest runs in use have"
    assert [flowers.run(run.id).colour for run in added if run.id != added[3].id] == [
        run.colour for run in added if run.id != added[3].id
    ]


@ON_SQLITE  # it is the process that is measured
def test_a_new_run_costs_little_in_a_large_dataset(flowers):
    first = flowers.add_run(make_run(1))
    with flowers.writing() as connection:
        values = {name: value for name, value in run_row(first).items() if name != "number"}
        many = [values | {"id": f"r-x{n}", "name": f"run {n}", "colour": n % 144} for n in range(20_000)]
        connection.execute(insert(runs), many)
    seconds = []
    for number in range(2, 12):
        began = time.process_time()
        flowers.add_run(make_run(number, recipe=first.recipe, name=first.name))
        seconds.append(time.process_time() - began)
    assert sorted(seconds)[len(seconds) // 2] < 0.02
