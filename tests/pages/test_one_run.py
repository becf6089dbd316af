"""One run, opened by ``?run=``."""

import pytest

from core.comparison import COSTS
from core.runs import Status
from core.web.panels.words import title_of
from tests.pages.conftest import first_line, link_labels, text_of, visit


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_told_in_words(filled, status):
    run = filled.with_status(status)[0]
    at = visit("runs", run=run.id)
    assert not at.exception
    words = {
        "SCHEDULED": "Waiting in the queue",
        "RUNNING": "6 of 12 epochs done",
        "FINISHED": "Right on 83 %",
        "FAILED": "The loss became not a number",
        "KILLED": "Stopped after 6 epochs",
    }
    assert words[status] in first_line(at)


def test_a_finished_run_shows_what_it_paid_and_what_it_would_have_cost_alone(filled):
    at = visit("runs", run=filled.with_status("FINISHED")[0].id)
    figures = {metric.label: metric.value for metric in at.metric}
    assert figures[title_of(COSTS["alone_wall_seconds"])] == "34 s"
    assert figures[title_of(COSTS["wall_seconds"])] == "22 s"
    assert figures["Model size"] and figures["Time per photo"] == "8.4 ms"
    assert "Not measured on this machine: GPU time and energy" in text_of(at)


def test_a_finished_run_shows_every_class_and_offers_the_next_steps(filled):
    at = visit("runs", run=filled.with_status("FINISHED")[0].id)
    assert at.dataframe[0].value["Class"].tolist() == list(filled.dataset.class_names)
    assert {"Predict", "Compare", "All runs"} <= set(link_labels(at))


def test_its_log_is_shown_and_grows(bench, filled):
    run = filled.with_status("RUNNING")[0]
    at = visit("runs", run=run.id)
    assert "Computing features" in at.code[0].value
    with (bench.settings.run_dir(run.id) / "log.txt").open("a") as log:
        log.write("one more line\n")
    at.run()
    assert at.code[0].value.endswith("one more line") and at.code[0].value.count("Computing features") == 1


def test_a_failed_run_can_be_resumed(bench, filled, started):
    run = filled.with_status("FAILED")[0]
    at = visit("runs", run=run.id).button(key="run.resume").click().run()
    assert bench.run(run.id).status is Status.SCHEDULED and started
    assert "going on after epoch 6" in first_line(at)


def test_notes_tags_and_name_are_kept(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.text_input[0].input("the *best* one")
    at.text_area[0].input("Looks good.")
    [button for button in at.button if button.label == "Save"][0].click().run()
    kept = bench.run(run.id)
    assert (kept.name, kept.notes) == ("the *best* one", "Looks good.")
    assert at.title[0].value == r"the \*best\* one"


def test_an_empty_name_is_refused_in_a_sentence(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.text_input[0].input(" ")
    [button for button in at.button if button.label == "Save"][0].click().run()
    assert "needs a name" in at.error[0].value and bench.run(run.id).name == run.name


def test_deleting_says_what_goes_and_needs_a_second_click(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.button(key="run.delete").click().run()
    assert "1 run and 1 model" in text_of(at) and bench.run(run.id)
    at.button(key="run.delete-yes").click().run()
    assert not at.exception and run.id not in [left.id for left in bench.runs()]
    assert not bench.settings.run_dir(run.id).exists()


def test_keeping_deletes_nothing(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("runs", run=run.id)
    at.button(key="run.delete").click().run()
    at.button(key="run.delete-no").click().run()
    assert bench.run(run.id).id == run.id


def test_a_running_run_cannot_be_deleted(filled):
    at = visit("runs", run=filled.with_status("RUNNING")[0].id)
    assert at.button(key="run.delete").disabled


def test_the_start_of_an_id_is_enough(filled):
    run = filled.with_status("FINISHED")[0]
    assert not visit("runs", run=run.id[:8]).error
