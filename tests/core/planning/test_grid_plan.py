"""The plan of a launch: one sentence, and shared work counted once."""

import pytest

from core.planning.decide import Decision, Plan
from core.planning.forecasting import ForecastHistory
from core.planning.grid_plan import InvalidRow, grid_plan
from core.planning.work import BusySlot, Shared, SharedKind, Work
from core.recipes.grid import InvalidCell
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from tests.factories import make_forecast

FEATURES = Shared(key="f", kind=SharedKind.FEATURES, seconds=100.0, bytes=10**6)


def a_plan(decision=Decision.NEW, *, own=20.0, backbone="lite0", shared=(FEATURES,), **changes):
    alone = 10.0 + own + sum(one.seconds for one in shared)
    work = Work(process=backbone, start=10.0, shared=shared, own=own, alone=alone)
    recipe = Recipe(backbone=backbone)
    values = {"dataset_id": "d", "recipe": recipe, "fingerprint": "f", "because": "", "work": work}
    return Plan(decision=decision, **values | changes)


def refused():
    return a_plan(Decision.REFUSED, work=None, fingerprint="")


def reused(seconds=60.0):
    return a_plan(Decision.REUSED, work=None, saves_seconds=seconds, run_id="r-1")


def test_three_runs_that_share_their_features():
    plan = grid_plan([a_plan(estimate_source="guess")] * 3, 1)
    assert (plan.seconds, plan.alone_seconds, plan.saves_seconds) == (170.0, 390.0, 220.0)
    assert (plan.start_seconds, plan.shared_seconds, plan.disk_bytes) == (10.0, {SharedKind.FEATURES: 100.0}, 10**6)
    assert [one.estimate_seconds for one in plan.plans] == [130.0, 20.0, 20.0]
    assert plan.sentence == "3 runs, about 3 min; sharing saves 4 min" and plan.estimate_sources == ("guess",)


def test_one_run_saves_nothing_and_says_so_by_silence():
    assert grid_plan([a_plan()], 1).sentence == "1 run, about 2 min"


def test_slots_shorten_both_times():
    plan = grid_plan([a_plan(shared=())] * 2, 2)
    assert (plan.seconds, plan.alone_seconds, plan.slots) == (30.0, 30.0, 2)


def test_what_is_there_already_is_saved_in_full():
    plan = grid_plan([reused(), a_plan(), refused()], 1)
    assert plan.sentence == "1 run, about 2 min; 1 reused, 1 refused; sharing saves 1 min"
    assert plan.counts == {Decision.REUSED: 1, Decision.NEW: 1, Decision.REFUSED: 1}
    assert [len(plan.plans), len(plan.launchable), len(plan.to_do), len(plan.refused)] == [3, 2, 1, 1]


def test_a_grid_without_new_runs():
    assert grid_plan([reused(0.0)] * 2, 1).sentence == "No new runs; 2 reused"
    assert grid_plan([refused()], 1).sentence == "Nothing can be launched; 1 refused"
    assert grid_plan([], 1).seconds == 0.0


def test_a_cell_that_is_no_recipe_is_a_refused_row_in_its_place():
    cell = InvalidCell(sources=("lite0",), pattern=Pattern.FINE_TUNING, settings=(("epochs", 0),), because="No.")
    plan = grid_plan([InvalidRow(cell=cell, name="x"), a_plan()], 1)
    assert [row.decision for row in plan.rows] == [Decision.REFUSED, Decision.NEW]
    assert plan.refused[0].because == "No." and len(plan.plans) == 1
    assert plan.sentence == "1 run, about 2 min; 1 refused"


def test_equal_plans_are_separate_runs():
    one = a_plan()
    first, second = grid_plan([one, one], 1).plans
    assert (first.estimate_seconds, second.estimate_seconds) == (130.0, 20.0)


def test_rows_that_are_copied_are_told_once_for_all_runs():
    one = a_plan(shared=(Shared(key="f", kind=SharedKind.FEATURES, seconds=1.0, rows=3780, copied=3776),))
    plan = grid_plan([one, one], 1)
    assert plan.copied_rows == (3776, 4)
    assert plan.copied_sentence == (
        "Of 3,780 rows of features that are missing 3,776 are copied from another version or dataset with the same "
        "photos, and 4 computed."
    )
    assert grid_plan([a_plan()], 1).copied_sentence == ""


def with_history(number=9, **changes):
    past = [
        make_forecast(
            f"r-{one}",
            kind="integrated_extractor",
            launch=f"l-{one}",
            seconds=10.0,
            measured_seconds=7.0 + one,
            measured_memory_bytes=1e9,
        )
        for one in range(number)
    ]
    return ForecastHistory(past, **changes)


def test_a_range_stands_beside_the_time():
    plan = grid_plan([a_plan(own=50.0)], 1, with_history())
    assert plan.sentence == "1 run, about 3 min (80 %: 2–4 min)"
    assert plan.plans[0].band.of(10.0 * 1.1) == pytest.approx((7.0, 15.0))
    assert plan.forecast_sentences == (
        "80 % range from the errors of 9 past forecasts: runs of this kind on this machine.",
        "The last 9 forecasts were off by 20 % (median).",
    )


@pytest.mark.parametrize("slots", [1, 2])
def test_a_launch_is_corrected_by_past_forecasts_and_only_once(slots):
    rows = [a_plan(), a_plan(own=50.0), reused()]
    without, plan = grid_plan(rows, slots), grid_plan(rows, slots, with_history())
    assert plan.seconds == pytest.approx(1.1 * without.seconds)
    assert [one.estimate_seconds for one in plan.plans] == pytest.approx(
        [1.1 * one.estimate_seconds for one in without.plans]
    )
    assert [one.correction for one in plan.plans] == [1.1, 1.1, 1.0]
    assert grid_plan(plan.plans, slots, with_history()).seconds == plan.seconds


def test_without_history_the_range_is_called_an_estimate():
    plan = grid_plan([a_plan(own=50.0)], 1, ForecastHistory())
    assert plan.sentence == "1 run, about 3 min (estimate: 1–5 min)" and plan.error is None
    assert plan.forecast_sentences == (
        "The range is an estimate, half to twice the forecast: this machine has no past forecast from measured speeds.",
    )


def test_what_takes_nothing_has_no_range():
    plan = grid_plan([reused(), refused()], 1, with_history())
    assert plan.band is None and plan.range_text == "" and plan.forecast_sentences == ()
    assert plan.sentence == "No new runs; 1 reused, 1 refused; reuse saves 1 min"
    at_once = a_plan(work=Work(process="", start=0.0, shared=(), own=1.0, alone=1.0))
    assert grid_plan([at_once], 1, with_history()).plans[0].band is None


def test_memory_is_that_of_the_runs_that_are_trained_at_once():
    rows = [a_plan(memory_bytes=size) for size in (1, 5, 3)]
    assert [grid_plan(rows, slots).memory_bytes for slots in (1, 2)] == [5, 8]


def test_energy_follows_from_the_power_measured_on_this_machine():
    assert grid_plan([a_plan()], 1, with_history()).energy_joules is None
    plan = grid_plan([a_plan()] * 2, 1, with_history(watts=10.0))
    assert plan.energy_joules == 10.0 * plan.seconds and not plan.plans[0].energy_band.is_measured


def test_a_trainer_that_waits_starts_a_run_without_a_new_process():
    waiting = [BusySlot(left=0.0, process="lite0"), BusySlot(left=0.0, process="other")]
    assert grid_plan([a_plan()], 1, None, waiting[:1]).seconds == 120.0
    assert grid_plan([a_plan()], 1, None, waiting[1:]).seconds == 130.0
    assert grid_plan([a_plan()] * 2, 1, None, waiting).seconds == 140.0, "one slot stays one slot"
