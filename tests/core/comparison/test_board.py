"""The leaderboard of thousands of runs: filtered, folded, placed, tested, sorted, cut into pages."""

import time

import numpy as np
import pytest

from core.comparison.board import Board
from core.comparison.board_page import LARGE_FIRST, SORTS, page
from core.comparison.cost_axes import COSTS
from core.comparison.statistics import holm, mcnemar
from core.errors import InvalidInput
from tests.board_values import rows_of

UNKNOWN = ("energy_joules", "peak_gpu_bytes", "device_seconds")


def a_line(run_id: str, right: str | None = "+" * 20, **changed) -> dict:
    """What the registry knows of a run; ``right`` is one letter a photo, ``+`` for a right answer."""
    marks = None if right is None else np.array([mark == "+" for mark in right])
    accuracy = None if marks is None else float(marks.mean())
    values = {
        "run_id": run_id,
        "name": run_id,
        "notes": "",
        "status": "FINISHED",
        "fingerprint": f"print of {run_id}",
        "family": f"family of {run_id}",
        "pattern": "fine_tuning",
        "backbone": "lite0",
        "starred": False,
        "archived": False,
        "tags": [],
        "created_at": 0.0,
        "epochs_done": 10,
        "best_epoch": 8,
        "accuracy": accuracy,
        "balanced_accuracy": accuracy,
        "macro_f1": accuracy,
        "log_loss": None if accuracy is None else 1 - accuracy,
        "ece": None if accuracy is None else 0.1,
        "n": None if marks is None else len(marks),
        "right": None if marks is None else np.packbits(marks).tobytes(),
        "hardest": (),
        **dict.fromkeys((key for key in COSTS if "money" not in key), 1.0),
        **dict.fromkeys(UNKNOWN),
    }
    return values | changed


def a_board(*lines: dict) -> Board:
    return Board.from_columns({key: [line[key] for line in lines] for key in a_line("any")})


def ids(found) -> list[str]:
    return [entry.run_id for entry in found.entries]


LADDER = [a_line(f"r-{wrong}", "+" * (20 - wrong) + "-" * wrong) for wrong in (5, 0, 12)]


# --- places and ties ---


def test_the_most_accurate_comes_first_and_has_the_first_place():
    found = page(a_board(*LADDER))
    assert ids(found) == ["r-0", "r-5", "r-12"] and [entry.rank for entry in found.entries] == [1, 2, 3]
    assert (found.lines, found.runs, found.best, found.start) == (3, 3, "r-0", 0)


def test_of_equally_accurate_runs_the_cheaper_comes_first_then_the_older():
    lines = [a_line("dear", alone_wall_seconds=9.0), a_line("new", created_at=2.0), a_line("old", created_at=1.0)]
    assert ids(page(a_board(*lines))) == ["old", "new", "dear"]


def test_ties_are_those_of_the_exact_test_corrected_for_all_lines():
    found = page(a_board(*LADDER)).entries
    expected = holm([mcnemar(5, 0), mcnemar(12, 0)])
    assert found[0].p_value is None
    assert [entry.p_value for entry in found[1:]] == pytest.approx(list(expected))
    assert [entry.tie for entry in found] == [True, True, False]


def test_ties_are_those_of_the_comparison_of_the_same_runs():
    rng = np.random.default_rng(5)
    marks = {f"r-{number}": rng.random(77) < 0.5 + number / 20 for number in range(9)}
    lines = [a_line(run_id, "".join("+" if hit else "-" for hit in right)) for run_id, right in marks.items()]
    found = {entry.run_id: entry for entry in page(a_board(*lines)).entries}
    best, *others = sorted(marks, key=lambda run_id: -marks[run_id].mean())
    tested = [mcnemar(int((marks[best] & ~marks[one]).sum()), int((marks[one] & ~marks[best]).sum())) for one in others]
    assert [found[one].p_value for one in others] == pytest.approx(list(holm(tested)))


def test_correction_counts_only_the_lines_that_match():
    lines = [*LADDER, a_line("other", "+" * 19 + "-", pattern="classifier")]
    board = a_board(*lines)
    few, every = page(board, rows_of(board, board.run_ids[:3])), page(board)
    assert few.entries[-1].p_value == pytest.approx(2 * mcnemar(12, 0))
    assert every.entries[-1].p_value == pytest.approx(3 * mcnemar(12, 0))


def test_a_run_without_kept_answers_is_placed_but_not_tested():
    found = page(a_board(*LADDER, a_line("older", right="+" * 19 + "-") | {"right": None}))
    older = next(entry for entry in found.entries if entry.run_id == "older")
    assert older.rank == 2 and older.tie is None and older.p_value is None


def test_when_the_answers_of_the_best_are_not_kept_the_next_one_is_the_measure():
    found = page(a_board(*LADDER, a_line("older", "+" * 20, alone_wall_seconds=0.1) | {"right": None}))
    assert ids(found)[0] == "older" and found.entries[0].tie is None and found.best == "r-0"


def test_no_kept_answers_at_all_are_no_trouble():
    found = page(a_board(*(line | {"right": None} for line in LADDER)))
    assert found.best is None and {entry.tie for entry in found.entries} == {None}


def test_answers_for_another_number_of_photos_are_not_laid_upon_the_others():
    found = page(a_board(*LADDER, a_line("short", "+" * 15 + "-")))
    assert next(entry for entry in found.entries if entry.run_id == "short").tie is None


# --- repetitions ---


def repetitions(*wrongs: int, family="one", **changed) -> list[dict]:
    return [
        a_line(f"{family}-{place}", "+" * (20 - wrong) + "-" * wrong, family=family, **changed)
        for place, wrong in enumerate(wrongs)
    ]


def test_repetitions_share_a_line_with_mean_and_spread():
    found = page(a_board(*repetitions(2, 4, 9), a_line("alone", "+" * 14 + "-" * 6)))
    first, second = found.entries
    assert (found.lines, found.runs) == (2, 4)
    assert set(first.run_ids) == {"one-0", "one-1", "one-2"} and first.counted == 3
    assert first.run_id == "one-1", "the one nearest the mean stands for all"
    assert first.values["accuracy"] == pytest.approx(0.75)
    assert first.spread["accuracy"] == pytest.approx(np.std([0.9, 0.8, 0.55], ddof=1))
    assert second.spread["accuracy"] is None and second.values["accuracy"] == 0.7


def test_a_lucky_seed_is_not_the_measure_of_all_things():
    found = page(a_board(*repetitions(0, 8, 10), a_line("steady", "+" * 17 + "-" * 3)))
    assert found.best == "steady"


def test_unfolded_every_run_has_its_line():
    found = page(a_board(*repetitions(2, 4, 9)), fold=False)
    assert found.lines == 3 and all(len(entry.run_ids) == 1 for entry in found.entries)


def test_a_run_that_was_reproduced_has_no_say_in_the_spread():
    lines = repetitions(2, 4)
    again = lines[0] | {"run_id": "again", "created_at": 5.0}
    (entry,) = page(a_board(*lines, again)).entries
    assert len(entry.run_ids) == 3 and entry.counted == 2
    assert entry.spread["accuracy"] == pytest.approx(np.std([0.9, 0.8], ddof=1))
    (twice,) = page(a_board(lines[0], again)).entries
    assert twice.spread["accuracy"] is None, "the same seed twice says nothing about luck"


def test_of_several_runs_with_one_seed_the_newest_has_the_say():
    older, newer = repetitions(2, 4)
    newer |= {"fingerprint": older["fingerprint"], "created_at": 5.0}
    (entry,) = page(a_board(older, newer)).entries
    assert entry.run_id == newer["run_id"] and entry.values["accuracy"] == newer["accuracy"]


def test_a_failed_repetition_has_a_line_of_its_own():
    failed = a_line("failed", None, family="one", status="FAILED")
    found = page(a_board(*repetitions(2, 4), failed))
    assert found.lines == 2 and found.entries[-1].run_ids == ("failed",) and found.entries[-1].rank is None


def test_a_cost_that_only_some_repetitions_measured_is_the_mean_of_those():
    lines = repetitions(2, 2)
    lines[0]["energy_joules"] = 30.0
    (entry,) = page(a_board(*lines)).entries
    assert entry.values["energy_joules"] == 30.0 and entry.spread["energy_joules"] is None
    assert entry.values["peak_gpu_bytes"] is None


def test_older_rows_without_a_family_are_not_folded_into_one():
    assert page(a_board(a_line("a", family=""), a_line("b", family=""))).lines == 2


# --- some of the runs ---

KINDS = [a_line("a"), a_line("b", notes="The one for Paris"), a_line("c"), a_line("d", None, status="RUNNING")]


def test_only_the_rows_asked_for_are_listed_and_tested():
    board = a_board(*LADDER)
    found = page(board, rows_of(board, ["r-12", "r-5", "r-elsewhere"]))
    assert ids(found) == ["r-5", "r-12"] and (found.runs, found.best, found.tests) == (2, "r-5", 1)


def test_nothing_that_fits_is_an_empty_page():
    board = a_board(*KINDS)
    found = page(board, rows_of(board, []))
    assert (found.entries, found.lines, found.runs, found.best) == ((), 0, 0, None)


def test_an_empty_dataset_has_an_empty_board():
    assert page(a_board()).entries == ()


# --- order and pages ---


@pytest.mark.parametrize("key", SORTS)
def test_every_key_sorts_both_ways_and_what_was_not_measured_comes_last(key):
    values = ["b", "c", "a"] if key == "name" else [2.0, 3.0, 1.0]
    source = {"money": "wall_seconds", "alone_money": "alone_wall_seconds"}.get(key, key)
    lines = [a_line(f"r-{value}", **{source: value}) for value in values]
    lines += [] if key in ("name", "created_at") else [a_line("unknown", **{source: None})]
    last = [] if key in ("name", "created_at") else ["unknown"]
    board = a_board(*lines)
    upwards = [f"r-{value}" for value in sorted(values)]
    assert ids(page(board, sort=key, descending=False, rate_per_hour=1.0)) == upwards + last
    assert ids(page(board, sort=key, descending=True, rate_per_hour=1.0)) == upwards[::-1] + last
    natural = upwards[::-1] if key in LARGE_FIRST else upwards
    assert ids(page(board, sort=key, rate_per_hour=1.0)) == natural + last


@pytest.mark.parametrize("key", ["log_loss", "ece", "alone_wall_seconds", "ms_per_photo", "name"])
def test_what_is_better_small_comes_small_first_where_nobody_says_how(key):
    values = ("b", "a") if key == "name" else (0.5, 0.2)
    board = a_board(*(a_line(f"r-{value}", **{key: value}) for value in values))
    assert ids(page(board, sort=key)) == [f"r-{value}" for value in sorted(values)]


@pytest.mark.parametrize("key", ["accuracy", "balanced_accuracy", "macro_f1", "created_at"])
def test_what_is_better_large_comes_large_first_where_nobody_says_how(key):
    board = a_board(*(a_line(f"r-{value}", **{key: value}) for value in (0.2, 0.5)))
    assert ids(page(board, sort=key)) == ["r-0.5", "r-0.2"]


def test_places_stay_whatever_the_order():
    found = page(a_board(*LADDER), sort="accuracy", descending=False)
    assert [entry.rank for entry in found.entries] == [3, 2, 1]


def test_sorting_by_what_is_all_alike_keeps_the_places():
    assert [entry.rank for entry in page(a_board(*LADDER), sort="ms_per_photo").entries] == [1, 2, 3]


def test_an_unknown_key_lists_those_there_are():
    with pytest.raises(InvalidInput, match="cannot be sorted by 'beauty'. Choose from: accuracy"):
        page(a_board(*LADDER), sort="beauty")


def test_money_is_time_at_the_rate():
    line = page(a_board(a_line("a", wall_seconds=1800.0)), rate_per_hour=3.0).entries[0]
    assert line.values["money"] == 1.5
    assert page(a_board(a_line("a"))).entries[0].values["money"] is None


def test_pages_follow_each_other_without_gap_or_repetition():
    board = a_board(*(a_line(f"r-{number}", accuracy=number / 100) for number in range(25)))
    pages = [page(board, start=start, size=10) for start in (0, 10, 20)]
    assert [len(one.entries) for one in pages] == [10, 10, 5]
    assert [run_id for one in pages for run_id in ids(one)] == [f"r-{number}" for number in range(24, -1, -1)]


@pytest.mark.parametrize(("start", "size", "shown"), [(-5, 2, 0), (1000, 2, 2), (3, 3, 0), (9, 1, 2)])
def test_beyond_the_end_is_the_last_page(start, size, shown):
    found = page(a_board(*LADDER), start=start, size=size)
    assert found.start == shown and len(found.entries) == min(size, 3 - shown)


def test_runs_are_found_by_their_ids():
    board = a_board(*KINDS)
    assert "b" in board and "z" not in board and None not in board
    ids_of = board.run_ids.tolist()
    assert [ids_of[row] for row in rows_of(board, ["b", "z", ids_of[0]])] == [ids_of[0], "b"]


def test_ten_thousand_runs_are_sorted_while_one_waits():
    rng = np.random.default_rng(0)
    right = rng.random((10_000, 372)) < rng.uniform(0.5, 0.9, 10_000)[:, None]
    template = a_line("any", "+")
    columns = {key: [value] * 10_000 for key, value in template.items()}
    columns |= {
        "run_id": [f"r-{number}" for number in range(10_000)],
        "fingerprint": [f"print {number}" for number in range(10_000)],
        "family": [f"family {number // 3}" for number in range(10_000)],
        "accuracy": right.mean(axis=1).tolist(),
        "n": [372] * 10_000,
        "right": [np.packbits(row).tobytes() for row in right],
    }
    began = time.process_time()
    board = Board.from_columns(columns)
    found = page(board)
    later = [
        page(board, start=3000),
        page(board, sort="ms_per_photo"),
        page(board, rows_of(board, board.run_ids[:900])),
    ]
    assert found.lines == 3334 and all(len(one.entries) == 50 for one in later)
    assert time.process_time() - began < 2, "0.06 s on a free machine"
