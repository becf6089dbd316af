"""What is launched has a forecast that is stored before it starts."""

from dataclasses import replace

import pytest

from core.planning.decide import Decision
from core.planning.forecasting import ASSUMED, LEAST_TO_CORRECT
from core.planning.work import SharedKind
from core.recipes.grid import GridChoice
from core.recipes.patterns import Pattern
from core.runs.values import Status
from core.workbench.forecasts import free_slots, machine
from tests.factories import make_forecast

LITE0, SKLEARN = "efficientnet_lite0", Pattern.STANDALONE_EXTRACTOR


@pytest.fixture
def choice():
    return GridChoice.product([LITE0], [SKLEARN], settings={SKLEARN: {"seed": 7}}, repetitions=3)


def forecasts(bench, launched):
    return [bench.registry.forecasts_of([run.id]).get(run.id, []) for _, run in launched]


def test_every_run_of_a_launch_is_forecast_as_the_plan_said(bench, dataset, choice):
    plan = bench.grid_plan(dataset, choice)
    made = [one for (one,) in forecasts(bench, bench.launch_grid(plan))]
    assert [one.seconds for one in made] == pytest.approx([one.estimate_seconds for one in plan.plans])
    assert made[0].seconds > 1.5 * made[1].seconds, "what they share is expected of the first one"
    assert len({one.launch for one in made}) == 1 and {one.machine for one in made} == {machine()}
    first = made[0]
    assert (first.seconds_low, first.seconds_high) == (ASSUMED[0] * first.seconds, ASSUMED[1] * first.seconds)
    assert (first.attempt, first.kind, first.compared) == (1, f"{SKLEARN} logistic_regression", 0)
    assert first.memory_bytes > 0 and first.disk_bytes > 0 and first.energy_joules is None
    assert first.measured_at is None


def test_a_corrected_forecast_is_stored_beside_what_the_model_expects(bench, dataset, choice, filled, registry):
    model = bench.grid_plan(dataset, choice).plans[0].estimate_seconds
    took = {"machine": machine(), "measured_at": 1.0, "seconds": 10.0, "measured_seconds": 15.0}
    registry.add_forecasts([make_forecast(run.id, **took) for run in filled.runs[:LEAST_TO_CORRECT]])
    ((first,), *_) = forecasts(bench, bench.launch_grid(bench.grid_plan(dataset, choice)))
    assert (first.seconds, first.seconds_model) == (pytest.approx(1.5 * model), pytest.approx(model))


@pytest.mark.parametrize("known", [True, False])
def test_it_is_stored_whether_a_speed_was_known(bench, dataset, choice, monkeypatch, known):
    if not known:
        monkeypatch.setattr("core.planning.estimates.measurements", lambda lookup: [])
    made = forecasts(bench, bench.launch_grid(bench.grid_plan(dataset, choice)))
    assert [one.speed_known for (one,) in made] == [known] * 3


def test_reused_runs_have_none(bench, dataset, choice):
    before = bench.launch_grid(bench.grid_plan(dataset, choice))
    again = bench.launch_grid(bench.grid_plan(dataset, choice))
    assert {plan.decision for plan, _ in again} == {Decision.REUSED}
    assert [len(one) for one in forecasts(bench, before)] == [1, 1, 1]


def test_combinations_that_are_made_at_once_have_none(bench, finished_runs):
    assert forecasts(bench, [bench.ensemble([run.id for run in finished_runs[:2]])]) == [[]]


def test_of_a_resumed_run_only_what_is_left_is_forecast(bench, filled, registry):
    failed = filled.with_status(Status.FAILED)[0]
    bench.resume(failed.id)
    (found,) = registry.forecasts_of([failed.id])[failed.id]
    assert found.attempt == failed.attempt + 1
    whole = bench.reproduce(filled.with_status(Status.FINISHED)[0].id)
    assert len(registry.forecasts_of([whole.id])[whole.id]) == 1


def test_the_history_is_that_of_this_machine(bench, filled, registry):
    runs = [run.id for run in filled.runs[:3]]
    names = [machine(), machine(), "another"]
    registry.add_forecasts(
        [
            make_forecast(run, machine=name, measured_at=1.0, measured_seconds=30.0)
            for run, name in zip(runs, names, strict=True)
        ]
    )
    history = bench.forecast_history()
    assert sorted(one.run_id for one in history.past) == sorted(runs[:2])
    assert history.error.typical == 0.5 and history.watts is None


def test_the_power_is_measured_never_guessed(bench, filled, registry):
    run = filled.runs[0].id
    measured = make_forecast(
        run, machine=machine(), measured_at=1.0, measured_seconds=30.0, measured_energy_joules=600.0
    )
    registry.add_forecasts([measured])
    assert bench.forecast_history().watts == 20.0


def test_a_machine_has_at_least_one_slot(monkeypatch):
    monkeypatch.setenv("GRAFT_GPUS", "17")
    assert free_slots() == 1 and machine()


def test_a_trainer_that_waits_for_the_same_backbone_makes_the_plan_shorter(
    bench, dataset, choice, finished_runs, monkeypatch
):
    cold = bench.grid_plan(dataset, choice).seconds
    ended = [run for run in finished_runs if run.recipe.backbone == LITE0][:1]
    monkeypatch.setattr("core.workbench.forecasts.waiting_trainers", lambda registry, now: [ended])
    plan = bench.grid_plan(dataset, choice)
    assert ended and plan.seconds < cold - 4
    ((first,), *_) = forecasts(bench, bench.launch_grid(plan))
    assert first.seconds == pytest.approx(plan.plans[0].estimate_seconds)


def test_a_trainer_that_waits_after_a_fine_tuning_has_no_network_for_a_head(
    bench, dataset, choice, finished_runs, monkeypatch
):
    (head, *_) = [run for run in finished_runs if run.recipe.backbone == LITE0]
    deep = replace(head.recipe.hyperparameters, depth=1)
    tuned = replace(head, recipe=replace(head.recipe, pattern=Pattern.FINE_TUNING, hyperparameters=deep))
    assert head.recipe.pattern is not Pattern.FINE_TUNING

    def of_network(*trained):
        monkeypatch.setattr("core.workbench.forecasts.waiting_trainers", lambda registry, now: [list(trained)])
        plan = bench.grid_plan(dataset, choice)
        return plan.start_seconds, plan.shared_seconds.get(SharedKind.NETWORK, 0.0)

    assert of_network(head) == of_network(head, tuned) == (0.0, 0.0)
    start, network = of_network(tuned)
    assert start == 0.0 and network > 0.0


def test_a_trainer_that_takes_the_run_at_once_was_waiting_when_it_was_forecast(
    bench, dataset, choice, finished_runs, monkeypatch
):
    """It takes the first run of the queue before the forecasts are stored, and waits no more."""
    ended = [run for run in finished_runs if run.recipe.backbone == LITE0][:1]
    there = len(bench.registry.runs(status=Status.SCHEDULED))

    def waiting(registry, now):
        return [] if len(registry.runs(status=Status.SCHEDULED)) > there else [ended]

    monkeypatch.setattr("core.workbench.forecasts.waiting_trainers", waiting)
    plan = bench.grid_plan(dataset, choice)
    ((first,), *_) = forecasts(bench, bench.launch_grid(plan))
    assert first.seconds == pytest.approx(plan.plans[0].estimate_seconds)
