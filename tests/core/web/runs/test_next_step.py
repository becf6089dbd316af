"""The next step that the page Runs offers for the runs it follows."""

import re

from core.runs.values import Status
from tests.pages.conftest import first_line, link_labels, text_of, visit


def primary(at):
    return [button.label for button in at.button if button.proto.type == "primary"]


def test_a_launch_that_is_done_offers_to_compare_it(filled):
    done = [run.id for run in filled.with_status("FINISHED")]
    at = visit("runs", runs=",".join(done))
    assert primary(at) == ["Compare the 2 finished runs"]
    assert re.match(r"All 2 runs are finished\. Use .*: .*the most accurate", first_line(at))
    at.button(key=f"next.{filled.dataset.id}").click().run()
    assert at.title[0].value == "Compare"


def test_a_single_finished_run_is_opened(filled):
    done = filled.with_status("FINISHED")[0]
    at = visit("runs", runs=done.id)
    assert primary(at) == ["Open the finished run"]


def test_compare_opens_by_itself_when_the_launched_runs_end(bench, filled):
    waiting, done = filled.with_status("SCHEDULED")[0], [run.id for run in filled.with_status("FINISHED")]
    at = visit("runs", runs=",".join(done))
    at.session_state["launched.watched"] = done
    at.run()
    assert at.title[0].value == "Compare"
    at = visit("runs", runs=f"{done[0]},{waiting.id}")
    assert at.toggle(key="launched.follow").value and at.title[0].value == "Runs"


def test_a_failed_run_says_why_and_can_be_resumed(bench, filled, started):
    failed = filled.with_status("FAILED")[0]
    at = visit("runs", runs=f"{filled.with_status('FINISHED')[0].id},{failed.id}")
    assert "The loss became not a number\\. Try a lower learning rate\\." in text_of(at)
    assert "Open log" in link_labels(at) and primary(at) == ["Open the finished run"]
    at.button(key=f"resume.{failed.id}").click().run()
    assert bench.registry.run(failed.id).status is Status.SCHEDULED and started
