"""Runs: which runs train, wait and have ended?"""

import re

import pytest

from core.registry.placement import KnownSlot
from core.registry.search import RunQuery
from core.runs.needs import RunNeeds, SlotResources
from core.runs.values import Status
from core.text.units import plain
from core.web.parts.labels import slot_label
from core.web.runs import ended_runs
from tests.factories import fill, make_run
from tests.pages.conftest import first_line, link_labels, text_of, visit


def ended(at):
    """The table of ended runs, the last one of the page."""
    return at.dataframe[-1].value


def tick(at, bench, *rows):
    """The page with these rows of the ended runs ticked."""
    shown, _ = bench.registry.search(RunQuery(), limit=50)
    key = ended_runs.table_key([run.id for run in shown])
    at.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return at.run()


def test_without_runs_the_page_leads_to_training(bench):
    at = visit("runs")
    assert not at.exception and "Import photos" in link_labels(at)  # without photos nothing can be trained
    fill(bench.registry, runs=0)
    assert "Choose what to train" in link_labels(visit("runs"))


def test_the_first_line_says_what_is_done_and_how_long_the_rest_takes(filled, supervised):
    assert re.fullmatch(r"0 of 2 done, about \d+ (s|min) left\.", first_line(visit("runs")))


def test_with_nothing_running_the_first_line_counts_the_runs(bench, filled):
    bench.cancel(filled.with_status("SCHEDULED")[0].id)
    bench.registry.end(filled.with_status("RUNNING")[0].id, 1, Status.KILLED)
    assert first_line(visit("runs")) == "6 runs: 2 finished, 1 failed, 3 stopped."


def test_a_running_run_shows_the_bar_of_its_stage_and_the_time_that_is_left_of_both(filled):
    at = visit("runs")
    (bar,) = at.get("progress")
    stage = re.fullmatch(r"Training: 6 of 12 epochs, about (\d+)\s(s|min) left", bar.proto.text.replace("\\", ""))
    run = re.search(r"About (\d+) (s|min) left · flowers · v1", text_of(at).replace("\\", ""))
    assert bar.proto.value == 50 and stage and run
    seconds = [int(found[1]) * {"s": 1, "min": 60}[found[2]] for found in (stage, run)]
    assert 40 < seconds[0] <= seconds[1], "the 42 s of its speed and what was estimated, as for the run"


def test_a_launch_is_a_race_with_a_chart_and_a_leaderboard(filled, supervised):
    launched = [filled.with_status(status)[0] for status in ("FINISHED", "RUNNING", "SCHEDULED")]
    at = visit("runs", runs=",".join(run.id for run in launched))
    assert at.header[0].value == "Validation accuracy over time" and len(at.get("plotly_chart")) == 1
    table = at.dataframe[0].value
    assert len(table) == 3 and table["rank"].tolist()[:2] == [1, 2]
    done = table[table["status"] == "● Finished"].iloc[0]
    assert done["test"].startswith("83") and done["time"] == "22 s" and done["done"] == 100
    training, waiting = table[table["status"] == "◔ Training"].iloc[0], table.iloc[2]
    assert training["validation"].endswith(" %") and not training["test"] and "left" in training["time"]
    assert waiting["status"] == "○ Waiting" and not waiting["validation"]
    assert "provisional until all have ended" in text_of(at)


def test_the_next_run_has_its_place_while_it_is_being_started(bench, filled, supervised):
    bench.registry.end(filled.with_status("RUNNING")[0].id, 1, Status.KILLED)
    at = visit("runs")
    assert "The next run is being started" in text_of(at)
    assert [bar.proto.text for bar in at.get("progress")] == ["Starting the trainer"]


def test_runs_of_two_datasets_are_two_races(bench, filled, supervised):
    other = fill(bench.registry, bench.settings, runs=6, name="birds")
    at = visit("runs", runs=f"{filled.with_status('RUNNING')[0].id},{other.with_status('RUNNING')[0].id}")
    assert [header.value for header in at.header][:2] == [
        r"Validation accuracy over time: flowers · v1",
        r"Validation accuracy over time: birds · v1",
    ]


def test_of_many_waiting_runs_a_page_is_shown(bench, filled):
    for number in range(50, 70):
        bench.registry.add_run(make_run(number, dataset=filled.dataset))
    at = visit("runs")
    assert "21 runs waiting" in text_of(at) and len([b for b in at.button if b.key.startswith("up.")]) == 8
    at.pagination(key="waiting.page").set_value(3).run()
    last = bench.registry.queue()[-1].id
    assert [b.key for b in at.button if b.key.startswith("up.")][-1] == f"up.{last}"
    at.button(key=f"up.{last}").click().run()
    assert bench.registry.queue()[-2].id == last


def test_a_phone_shows_the_accuracy_beside_the_name_and_leaves_out_what_says_least(filled, monkeypatch):
    wide = ended(visit("runs")).columns
    monkeypatch.setattr("core.web.runs.ended_runs.is_narrow", lambda: True)
    narrow = ended(visit("runs")).columns
    assert list(wide)[:2] == ["colour", "name"]
    assert list(narrow)[:3] == ["name", "accuracy", "open"]
    assert {"✕ Failed", "◌ Stopped"} < set(ended(visit("runs"))["accuracy"])  # no room for a column of states
    assert not {"colour", "recipe", "tags"} & set(narrow)


def test_one_ticked_run_can_be_opened_by_a_link(bench, filled):
    """The keyboard can tick a row and not press the button in it."""
    at = visit("runs")
    assert "Open this run" not in link_labels(at)
    assert "Open this run" in link_labels(tick(at, bench, 0))
    assert "Open this run" not in link_labels(tick(at, bench, 0, 1))


def test_a_running_run_names_its_device(bench, filled):
    running = filled.with_status("RUNNING")[0]
    assert "on CPU" in text_of(visit("runs")) and running.slot == "cpu"
    assert slot_label("GPU-8f3a6c1e-77aa-41d2+GPU-11112222-77aa") == "GPU-8f3a6c1e + GPU-11112222"


def test_a_waiting_run_can_be_cancelled(bench, filled):
    waiting = filled.with_status("SCHEDULED")[0]
    visit("runs").button(key=f"cancel.{waiting.id}").click().run()
    assert bench.registry.run(waiting.id).status is Status.KILLED


def test_a_running_run_can_be_paused(bench, filled):
    running = filled.with_status("RUNNING")[0]
    at = visit("runs").menu_button(key=f"stop.{running.id}").click("Pause now").run()
    assert bench.registry.run(running.id).cancel == "now"
    assert "Stopping" in at.get("progress")[0].proto.text


def test_cancelling_what_has_just_ended_is_a_sentence(bench, filled):
    running = filled.with_status("RUNNING")[0]
    at = visit("runs")
    bench.registry.end(running.id, 1, Status.KILLED)
    at.menu_button(key=f"stop.{running.id}").click("Pause now").run()
    assert not at.exception and "ended already" in at.toast[0].value


def test_the_queue_can_be_reordered(bench, filled):
    first = filled.with_status("SCHEDULED")[0].id
    others = [bench.registry.add_run(make_run(n, dataset=filled.dataset)).id for n in (50, 51)]
    at = visit("runs")
    assert at.button(key=f"up.{first}").disabled and at.button(key=f"down.{others[1]}").disabled
    at.button(key=f"up.{others[1]}").click().run()
    assert [run.id for run in bench.registry.queue()] == [first, others[1], others[0]]
    at.button(key=f"down.{first}").click().run()
    assert [run.id for run in bench.registry.queue()] == [others[1], first, others[0]]
    at.button(key=f"down.{first}").click().run()
    assert [run.id for run in bench.registry.queue()] == [others[1], others[0], first]


def test_a_priority_puts_a_run_first(bench, filled):
    late = bench.registry.add_run(make_run(50, dataset=filled.dataset)).id
    visit("runs").number_input(key=f"priority.{late}").set_value(5).run()
    assert bench.registry.queue()[0].id == late


def test_without_a_supervisor_the_page_says_so_and_starts_one(filled, started):
    at = visit("runs")
    assert "No supervisor is running" in at.warning[0].value
    at.button(key="supervisor.start").click().run()
    assert len(started) == 1


def test_with_a_supervisor_nothing_is_said(filled, supervised):
    assert not visit("runs").warning


def test_ended_runs_are_filtered_by_status_and_words(filled):
    at = visit("runs")
    assert len(ended(at)) == 4
    at.pills(key="ended.status").select(Status.FAILED).run()
    assert ended(at)["status"].tolist() == ["✕ Failed"]
    at.pills(key="ended.status").unselect(Status.FAILED)
    at.text_input(key="ended.q").input("lite1").run()
    assert ended(at)["name"].str.contains("Lite1").all()
    at.text_input(key="ended.q").input("zebra").run()
    assert "No ended run matches" in text_of(at)


def test_words_are_found_in_any_case_and_any_unicode_form(bench, filled):
    run = filled.with_status("FINISHED")[0]
    bench.annotate(run.id, name="Äpfel und Birnen")
    at = visit("runs")
    for text in ("äpfel", "BIRNEN a\u0308pfel"):
        at.text_input(key="ended.q").input(text).run()
        assert ended(at)["name"].tolist() == ["Äpfel und Birnen"]


def test_ticked_runs_can_be_compared(bench, filled):
    assert "Compare 2 runs" in link_labels(tick(visit("runs"), bench, 2, 3))


def test_only_finished_runs_can_be_compared(bench, filled):
    assert "Only finished runs can be compared" in text_of(tick(visit("runs"), bench, 0))


@pytest.mark.parametrize("wanted", ["r-nothing", "../../etc/passwd", "<script>"])
def test_an_unknown_run_in_the_url_is_one_sentence_with_a_link_to_all(filled, wanted):
    at = visit("runs", run=wanted)
    assert not at.exception and at.title[0].value == "Runs"
    assert len(at.warning) == 1 and "There is no run" in at.warning[0].value and "python" not in at.warning[0].value
    assert link_labels(at) == ["All runs"] and not at.dataframe


def test_many_ended_runs_are_shown_a_page_at_a_time(bench):
    fill(bench.registry, runs=60)
    at = visit("runs")
    assert not at.exception and len(ended(at)) == 50
    assert "1 to 50 of 58 runs" in text_of(at)
    at.pagination(key="ended.page").set_value(2).run()
    assert len(ended(at)) == 8 and "51 to 58 of 58 runs" in text_of(at)
    at.text_input(key="ended.q").input("lite1").run()
    assert ended(at)["name"].str.contains("Lite1").all() and not at.exception


def test_runs_are_filtered_by_star_and_tag_and_sorted(bench, filled):
    done = filled.with_status("FINISHED")
    bench.tag([done[1].id], add=["night"])
    at = visit("runs")
    at.toggle(key="ended.star").set_value(True).run()
    assert ended(at)["marks"].tolist() == [["★"]]
    at.toggle(key="ended.star").set_value(False)
    at.multiselect(key="ended.tag").select("night").run()
    assert ended(at)["tags"].tolist() == [["night"]]
    at.multiselect(key="ended.tag").unselect("night")
    at.selectbox(key="ended.sort").select("most accurate").run()
    accuracies = ended(at)["accuracy"].dropna().tolist()
    assert accuracies == sorted(accuracies, reverse=True) and len(ended(at)) == 4


def test_archived_runs_are_hidden_until_asked_for(bench, filled):
    bench.archive([filled.with_status("FINISHED")[0].id])
    at = visit("runs")
    assert len(ended(at)) == 3 and "1 archived run hidden; *Archived too*" in text_of(at)
    at.toggle(key="ended.archived").set_value(True).run()
    assert "hidden;" not in text_of(at)
    assert len(ended(at)) == 4 and any("archived" in marks for marks in ended(at)["marks"])


def test_a_queue_that_waits_for_space_says_why(bench, filled, supervised, monkeypatch):
    bench.registry.end(filled.with_status("RUNNING")[0].id, 1, Status.KILLED)
    assert not visit("runs").warning
    monkeypatch.setattr("core.jobs.why_paused", lambda settings: "Waiting runs do not start: 1 GB is free.")
    at = visit("runs")
    assert [one.value.replace("\\", "") for one in at.warning] == ["Waiting runs do not start: 1 GB is free."]
    assert "is being started" not in text_of(at)


def test_a_run_that_waits_for_a_slot_says_what_it_needs_in_the_queue_and_on_its_page(bench, filled):
    waiting = filled.with_status("SCHEDULED")[0]
    bench.registry.set_needs(waiting.id, RunNeeds(gpu_bytes=40 * 10**9))
    small = SlotResources(gpus=1, gpu_kinds=("NVIDIA A10",), gpu_bytes=24 * 10**9)
    bench.registry.note_slots([KnownSlot(name="GPU-0", title="A10", resources=small)])
    sentence = "It needs a GPU with 40 GB; the largest GPU has 24 GB. It starts when there is such a slot."
    assert plain(sentence) in text_of(visit("runs"))
    assert plain(sentence) in text_of(visit("runs", run=waiting.id))
