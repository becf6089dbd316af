"""One run, opened by ``?run=``."""

import pytest

from core.comparison.cost_axes import COSTS
from core.files.home import run_folder
from core.runs.values import Status
from core.web.parts.labels import cost_title
from core.workbench.organise import login_name
from tests.pages.conftest import first_line, link_labels, text_of, visit


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_sentence(filled, status):
    run = filled.with_status(status)[0]
    at = visit("runs", run=run.id)
    assert not at.exception
    words = {
        "SCHEDULED": "It has not started yet",
        "RUNNING": "6 of 12 epochs done",
        "FINISHED": "83 %",
        "FAILED": "The loss became not a number",
        "KILLED": "After 6 of 12 epochs",
    }
    assert words[status] in first_line(at)


def test_a_finished_run_shows_time_spent_and_training_time(filled):
    at = visit("runs", run=filled.with_status("FINISHED")[0].id)
    figures = {metric.label: metric.value for metric in at.metric}
    assert figures[cost_title(COSTS["alone_wall_seconds"])] == "34 s"
    assert figures[cost_title(COSTS["wall_seconds"])] == "22 s"
    assert figures["Model size"] and figures["Time per photo"] == "8.4 ms"
    assert "Not measured on this machine: GPU time, " in text_of(at) and "energy" in text_of(at)


def test_a_finished_run_shows_every_class_and_offers_the_next_steps(filled):
    at = visit("runs", run=filled.with_status("FINISHED")[0].id)
    assert at.dataframe[0].value["Class"].tolist() == list(filled.dataset.class_names)
    assert {"Predict", "Compare", "All runs"} <= set(link_labels(at))


def test_its_log_is_shown_and_grows(bench, filled):
    run = filled.with_status("RUNNING")[0]
    at = visit("runs", run=run.id)
    assert "Computing features" in at.code[0].value
    with (run_folder(bench.settings, run.id).path / "log.txt").open("a") as log:
        log.write("one more line\n")
    at.run()
    assert at.code[0].value.endswith("one more line") and at.code[0].value.count("Computing features") == 1


def test_a_failed_run_can_be_resumed(bench, filled, started):
    run = filled.with_status("FAILED")[0]
    at = visit("runs", run=run.id).button(key="run.resume").click().run()
    assert bench.registry.run(run.id).status is Status.SCHEDULED and started
    assert "resumes after epoch 6" in first_line(at)


def notes_of(at) -> str:
    return "\n".join(element.value for element in at.get("html"))


def save(at):
    return at.button(key="run.save").click().run()


def test_name_and_notes_are_kept_and_notes_are_shown_as_markdown(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.text_input(key=f"run.name.{run.id}").input("the *best* one")
    at.text_area(key=f"run.notes.{run.id}").input("**Steady**, see [docs](https://keras.io)").run()
    assert "not saved yet" in text_of(at) and bench.registry.run(run.id).notes == ""
    save(at)
    kept = bench.registry.run(run.id)
    assert (kept.name, kept.notes) == ("the *best* one", "**Steady**, see [docs](https://keras.io)")
    assert at.title[0].value == r"the \*best\* one" and "not saved yet" not in text_of(at)
    assert '<strong>Steady</strong>, see <a href="https://keras.io"' in notes_of(visit("runs", run=run.id))


def test_a_hostile_note_is_shown_as_text(bench, filled):
    run = filled.with_status("FINISHED")[0]
    bench.annotate(run.id, notes="<img src=x> ![t](http://evil.example/a.png) [x](javascript:alert(1))")
    shown = notes_of(visit("runs", run=run.id))
    assert "&lt;img src=x&gt; !<a " in shown and "[x](javascript:alert(1))" in shown and "<img" not in shown


def test_an_empty_name_is_refused_in_a_sentence(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.text_input(key=f"run.name.{run.id}").input(" ")
    assert "needs a name" in save(at).error[0].value and bench.registry.run(run.id).name == run.name


def test_a_run_is_starred_tagged_and_archived_with_a_click_each(bench, filled):
    run = filled.with_status("FINISHED")[1]
    at = visit("runs", run=run.id)
    at.button(key="run.star").click().run()
    at.multiselect(key=f"run.tags.{run.id}").set_value(["night"]).run()
    at.button(key="run.archive").click().run()
    kept = bench.registry.run(run.id)
    assert (kept.starred, kept.tags, kept.archived) == (True, ("night",), True)
    assert all(word in first_line(at) for word in ("Starred", "night", "Archived"))
    at.button(key="run.archive").click().run()
    at.button(key="run.star").click().run()
    at.multiselect(key=f"run.tags.{run.id}").set_value([]).run()
    kept = bench.registry.run(run.id)
    assert (kept.starred, kept.tags, kept.archived) == (False, (), False)


def test_a_finished_run_becomes_champion_with_who_and_why(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.button(key="run.champion").click().run()
    assert at.text_input(key="run.champion.who").value == login_name()
    at.text_input(key="run.champion.why").input("steady")
    at.text_input(key="run.champion.who").input("Ada")
    at.button(key="run.champion-yes").click().run()
    held = bench.aliases("flowers")["champion"]
    assert (held.run_id, held.why, held.who) == (run.id, "steady", "Ada") and "Champion" in first_line(at)
    assert at.button(key="run.champion").disabled


def test_cancelling_makes_nobody_champion(bench, filled):
    at = visit("runs", run=filled.with_status("FINISHED")[0].id)
    at.button(key="run.champion").click().run()
    at.button(key="run.champion-no").click().run()
    assert bench.aliases("flowers") == {} and not at.exception
    assert "run.champion-yes" not in [button.key for button in at.button]


def test_a_run_is_opened_by_its_alias(bench, filled):
    run = filled.with_status("FINISHED")[0]
    bench.set_alias(run.id)
    assert visit("runs", run="flowers@champion").title[0].value == visit("runs", run=run.id).title[0].value


def test_a_finished_run_says_that_its_checkpoint_is_no_longer_kept(bench, filled):
    run = filled.with_status("FINISHED")[0]
    checkpoint = run_folder(bench.settings, run.id).checkpoints / "000012"
    checkpoint.mkdir(parents=True)
    assert "checkpoint is no longer kept" not in text_of(visit("runs", run=run.id))
    checkpoint.rmdir()
    at = visit("runs", run=run.id)
    assert "training it for more epochs starts at the first one" in text_of(at) and "Predict" in link_labels(at)


def test_deleting_the_weights_keeps_the_record(bench, filled):
    run = filled.with_status("FINISHED")[0]
    bench.set_alias(run.id)
    at = visit("runs", run=run.id)
    at.button(key="run.weights").click().run()
    assert "1 model" in text_of(at) and "Among them is the champion of flowers version 1" in text_of(at).replace(
        "\\", ""
    )
    at.button(key="run.weights-yes").click().run()
    assert not at.exception and not bench.has_model(run.id) and bench.registry.run(run.id).test_accuracy
    assert "Its weights were deleted" in text_of(at) and "Predict" not in link_labels(at)
    assert "run.weights" not in [button.key for button in at.button]


def test_deleting_says_what_goes_and_needs_a_second_click(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.button(key="run.delete").click().run()
    assert "1 run and 1 model" in text_of(at) and bench.registry.run(run.id)
    at.button(key="run.delete-yes").click().run()
    assert not at.exception and run.id not in [left.id for left in bench.registry.runs()]
    assert not run_folder(bench.settings, run.id).path.exists()


def test_keeping_deletes_nothing(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.button(key="run.delete").click().run()
    at.button(key="run.delete-no").click().run()
    assert bench.registry.run(run.id).id == run.id


def test_a_running_run_cannot_be_deleted(filled):
    at = visit("runs", run=filled.with_status("RUNNING")[0].id)
    assert at.button(key="run.delete").disabled


def test_the_start_of_an_id_is_enough(filled):
    run = filled.with_status("FINISHED")[0]
    assert not visit("runs", run=run.id[:8]).error


def test_an_input_size_that_was_not_chosen_is_the_one_of_the_backbone(bench, filled):
    run = filled.with_status(Status.FINISHED)[0]
    assert run.recipe.hyperparameters.input_size == 0
    own = bench.backbone(run.recipe.backbone).input_size
    at = visit("runs", run=run.id)
    (recipe,) = [one.value for one in at.dataframe if "Setting" in one.value]
    assert dict(zip(recipe["Setting"], recipe["Value"], strict=True))["Input size"] == f"{own} px"
