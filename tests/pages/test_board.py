"""Board: which runs it hands to TensorBoard."""

import pytest

from core.web.tensorboard import board_path
from tests.pages.conftest import text_of, visit

CHOICE = "board.runs"


@pytest.fixture
def runs(bench, filled) -> list[str]:
    """Ids of runs that have started, newest first."""
    return [run.id for run in bench.runs() if run.attempt]


def test_without_a_choice_the_newest_started_runs_are_shown(runs):
    assert visit("board").multiselect(key=CHOICE).value == runs[:4]


def test_the_address_chooses(runs):
    at = visit("board", runs=f"{runs[2]},{runs[0]}")
    assert at.multiselect(key=CHOICE).value == [runs[2], runs[0]]
    assert board_path([runs[2], runs[0]]) in text_of(at)


@pytest.mark.parametrize("asked", ["r-unknown1", "../../etc/passwd", "<script>"])
def test_an_unknown_run_in_the_address_is_left_out(runs, asked):
    assert visit("board", runs=f"{asked},{runs[1]}").multiselect(key=CHOICE).value == [runs[1]]


def test_an_empty_choice_says_what_to_do(runs):
    at = visit("board")
    at.multiselect(key=CHOICE).set_value([]).run()
    assert "No run is chosen" in text_of(at)


def test_before_the_first_run_it_says_what_will_be_here(bench):
    at = visit("board")
    assert "No run has started yet" in text_of(at)
    assert not at.multiselect
