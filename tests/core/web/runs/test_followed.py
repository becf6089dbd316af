"""Which runs the page Runs follows."""

from core.runs.values import Status
from tests.pages.conftest import first_line, visit


def end(bench, run):
    bench.registry.end(run.id, run.attempt, Status.KILLED, "Cancelled.")


def test_without_a_launch_in_the_url_active_runs_are_followed_until_the_visitor_leaves(bench, filled):
    running, waiting = filled.with_status("RUNNING")[0], filled.with_status("SCHEDULED")[0]
    at = visit("runs")
    assert first_line(at).startswith("0 of 2 done")
    end(bench, running)
    assert first_line(at.run()).startswith("1 of 2 done")
    bench.cancel(waiting.id)
    assert first_line(at.run()) == "0 of 2 runs finished, 2 stopped."
    at.switch_page("pages/train.py").run()
    assert first_line(at.switch_page("pages/runs.py").run()).startswith("6 runs: ")


def test_a_launch_in_the_url_is_followed_alone(filled):
    done = filled.with_status("FINISHED")
    assert first_line(visit("runs", runs=f"{done[0].id},{done[1].id}")).startswith("All 2 runs are finished.")
    assert "no run" in visit("runs", runs="r-x").warning[0].value
