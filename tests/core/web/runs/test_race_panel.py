"""The lines of the leaderboard of a race."""

from dataclasses import replace

from core.comparison.race import race
from core.runs.values import Progress, Status
from core.web.runs import race_panel
from core.web.runs.race_panel import RacerLine
from tests.chart_values import an_epoch
from tests.comparison_values import a_run

RUNNING = a_run("r-1", None)
PROGRESS = Progress(stage="Measuring", done=0, total=0, unit="", eta_seconds=None, updated_at=0.0)


def line_of(run, epochs=(), progress=None, left=None) -> RacerLine:
    (racer,) = race([run], {run.id: epochs}, {}, {})
    return RacerLine(run_id=run.id, name=racer.name, racer=racer, progress=progress, done=0.5, left=left)


def test_a_running_run_shows_its_stage_its_accuracy_so_far_and_its_time_left():
    line = line_of(RUNNING, [an_epoch(1, 0.5), an_epoch(2, 0.75)], PROGRESS, left=130.0)
    assert race_panel._status(line) == "◔ Evaluating"
    assert race_panel._either(line) == "75.0 % so far" and race_panel._test(line) == ""
    assert race_panel._time(line) == "2\N{NO-BREAK SPACE}min left"
    assert race_panel._left(line) == "2 min"


def test_a_finished_run_shows_its_test_accuracy_and_the_time_spent():
    line = line_of(replace(a_run("r-1", 0.9), wall_seconds=42.0), [an_epoch(1, 0.5)])
    assert race_panel._status(line).endswith("Finished")
    assert race_panel._either(line) == race_panel._test(line) != ""
    assert race_panel._time(line) == "42 s"


def test_a_failed_run_says_so_in_a_word():
    assert race_panel._status(line_of(replace(RUNNING, status=Status.FAILED))) == "✕ Failed"


def test_what_a_failed_or_stopped_run_has_done_are_the_epochs_that_it_trained():
    half = replace(a_run("r-1", None), status=Status.FAILED, epochs_done=RUNNING.recipe.hyperparameters.epochs // 2)
    assert 0.4 < race_panel._done(half, {}) <= 0.5
    assert race_panel._done(replace(half, status=Status.FINISHED), {}) == 1.0
    assert race_panel._done(replace(half, status=Status.RUNNING), {"r-1": 0.3}) == 0.3
