"""Board: which runs it hands to TensorBoard, and which dashboard."""

import pytest

from core.runs.values import Status
from core.web.board.choice import first_line, suggested_runs
from core.web.board.tensorboard import board_path
from tests.factories import make_run
from tests.pages.conftest import text_of, visit

CHOICE, DASHBOARD = "board.runs", "board.dashboard"


@pytest.fixture
def runs(bench, filled) -> list[str]:
    """Ids of runs that have started, newest first."""
    return [run.id for run in bench.registry.runs() if run.attempt]


def test_without_a_choice_what_trains_now_is_shown_beside_the_most_accurate(bench, runs):
    chosen = [bench.registry.run(run_id) for run_id in visit("board").multiselect(key=CHOICE).value]
    assert chosen[0].status is Status.RUNNING
    accuracies = [run.test_accuracy or 0.0 for run in chosen[1:]]
    assert len(chosen) == 4 and accuracies == sorted(accuracies, reverse=True) and accuracies[0] > 0


def test_what_has_no_curves_is_suggested_last():
    with_curves, without = (make_run(n, test_accuracy=0.5 + n / 4, epochs_done=5 - 5 * n) for n in (0, 1))
    assert suggested_runs({run.id: run for run in (without, with_curves)}) == [with_curves.id, without.id]


def test_the_address_chooses(runs):
    at = visit("board", runs=f"{runs[2]},{runs[0]}", dashboard="hparams")
    assert at.multiselect(key=CHOICE).value == [runs[2], runs[0]]
    assert at.segmented_control(key=DASHBOARD).value == "hparams"
    assert board_path([runs[2], runs[0]], "hparams") in text_of(at)


@pytest.mark.parametrize("asked", ["r-unknown1", "../../etc/passwd", "<script>", "r", "flowers@champion"])
def test_an_unknown_run_in_the_address_is_left_out(runs, asked):
    assert visit("board", runs=f"{asked},{runs[1]}").multiselect(key=CHOICE).value == [runs[1]]


def test_a_run_older_than_the_list_is_found_by_its_address(runs, monkeypatch):
    from core.registry import Registry

    newest = Registry.runs
    monkeypatch.setattr(Registry, "runs", lambda self, *args, **options: newest(self, *args, **options)[:2])
    assert visit("board", runs=runs[-1]).multiselect(key=CHOICE).value == [runs[-1]]


def test_a_run_named_twice_is_shown_once(runs):
    assert visit("board", runs=f"{runs[1]},{runs[1]}").multiselect(key=CHOICE).value == [runs[1]]


@pytest.mark.parametrize("asked", ["", "graphs", "<b>"])
def test_an_unknown_dashboard_is_the_time_series(runs, asked):
    assert visit("board", dashboard=asked).segmented_control(key=DASHBOARD).value == "timeseries"


@pytest.mark.parametrize(
    ("dashboard", "words"), [("timeseries", "overfitting"), ("hparams", "One row per run"), ("scalars", "same numbers")]
)
def test_every_dashboard_explains_itself(runs, dashboard, words):
    assert words in text_of(visit("board", dashboard=dashboard))


def test_the_projector_of_runs_without_a_map_says_what_is_missing(bench, runs):
    running = next(run.id for run in bench.registry.runs() if run.status is Status.RUNNING)
    assert "No map yet" in text_of(visit("board", runs=running, dashboard="projector"))


def test_an_empty_choice_says_what_to_do(runs):
    at = visit("board")
    at.multiselect(key=CHOICE).set_value([]).run()
    assert "No run is selected" in text_of(at)


def test_before_the_first_run_it_says_what_will_be_here(bench):
    at = visit("board")
    assert "No run has started yet" in text_of(at)
    assert not at.multiselect


def test_the_first_line_counts_the_runs_that_have_epochs_and_names_where_the_others_are():
    trained = make_run(1, status=Status.FINISHED, epochs_done=5)
    ensemble = make_run(2, status=Status.FINISHED, epochs_done=0)
    starting = make_run(3, status=Status.RUNNING, epochs_done=0)
    datasets = {trained.dataset_id: "flowers · v1"}
    said = first_line([trained, ensemble, starting], datasets, "timeseries")
    assert said == (
        "Loss and accuracy per epoch of 2 runs on flowers · v1, 1 still training. 1 other run without epochs: see "
        "HParams. Refreshes every 30 s."
    )
    assert first_line([ensemble], datasets, "hparams").startswith("Settings and metrics of 1 run on")
