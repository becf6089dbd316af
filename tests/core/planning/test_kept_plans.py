"""Plans that pages keep: never others than those that would be made now, and not made again while runs train."""

import random
import shutil
from dataclasses import replace

import pytest

from core import jobs
from core.files.home import run_folder, weights_folder
from core.people.acting import Person, Role, acting_as
from core.planning import kept_plans
from core.planning.decide import Decision
from core.planning.plan import Planner
from core.planning.presets import Preset
from core.planning.work import BusySlot, SharedKind
from core.recipes.grid import GridChoice
from core.recipes.patterns import Pattern
from core.runs.needs import RunNeeds
from core.runs.values import Cancel, Status
from core.workbench import Workbench
from tests.factories import fill, make_cost, make_epochs, make_evaluation, make_model

LITE0 = "efficientnet_lite0"
FROZEN = Pattern.INTEGRATED_EXTRACTOR
CHOICE = GridChoice.product([LITE0], [FROZEN], settings={FROZEN: {"epochs": 12, "batch_size": 8}})
LONGER = GridChoice.product([LITE0], [FROZEN], settings={FROZEN: {"epochs": 20, "batch_size": 8}})


@pytest.fixture
def bench(settings, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda settings: None)
    monkeypatch.setattr(kept_plans, "FRESH_SECONDS", 1e12)  # nothing is fresh only because time went by
    fill(registry, settings, runs=0, per_class=12)
    return Workbench.open(settings)


@pytest.fixture
def dataset(bench):
    return bench.registry.datasets()[0].id


@pytest.fixture
def planned(monkeypatch):
    """Recipes that were planned."""
    found, plan = [], Planner.plan
    monkeypatch.setattr(Planner, "plan", lambda self, recipe: found.append(recipe) or plan(self, recipe))
    return found


def kept(bench, dataset, *choices):
    return bench.grid_plans(dataset, choices or (*Preset, CHOICE), kept=True)


def only(bench, dataset, choice=CHOICE):
    ((plan,),) = [one.plans for one in kept(bench, dataset, choice)]
    return plan


def launched(bench, dataset):
    ((_, run),) = bench.launch_grid(bench.grid_plan(dataset, CHOICE))
    return run


def trained(bench, run, epochs):
    """Starts a waiting run and records its epochs, with a checkpoint as a trainer writes it before."""
    run = bench.registry.claim("cpu", "me", run.id)
    for epoch in make_epochs(epochs, attempt=run.attempt):
        (run_folder(bench.settings, run.id).checkpoints / f"{epoch.number:05}").mkdir(parents=True, exist_ok=True)
        bench.registry.record_epoch(run.id, run.attempt, epoch)
    return bench.registry.run(run.id)


def test_while_a_run_trains_nothing_is_planned_again_for_any_page(bench, dataset, planned):
    run = trained(bench, launched(bench, dataset), 1)
    before = kept(bench, dataset)
    planned.clear()
    for epoch in make_epochs(5)[1:]:
        bench.registry.record_epoch(run.id, run.attempt, epoch)
        bench.registry.record_spent(run.id, run.attempt, {"wall_seconds": 1.0 * epoch.number})
        assert kept(bench, dataset) == before
    assert planned == [] and only(bench, dataset).because == "The same run is running now."


def test_what_waits_runs_and_was_stopped_is_told_at_once(bench, dataset):
    """From the queue to the epoch at which it goes on."""
    assert only(bench, dataset).decision is Decision.NEW
    run = launched(bench, dataset)
    assert only(bench, dataset).because == "The same run is waiting in the queue."
    run = trained(bench, run, 3)
    assert only(bench, dataset).because == "The same run is running now."
    bench.registry.end(run.id, run.attempt, Status.KILLED, "Stopped.")
    plan = only(bench, dataset)
    assert (plan.decision, plan.run_id, plan.first_epoch) == (Decision.RESUMED, run.id, 4)
    bench.registry.requeue(run.id)
    assert only(bench, dataset).because == "The same run is waiting in the queue."
    run = bench.registry.claim("cpu", "me", run.id)
    for epoch in make_epochs(6, attempt=2)[3:]:
        assert only(bench, dataset).because == "The same run is running now."
        bench.registry.record_epoch(run.id, run.attempt, epoch)
    bench.registry.end(run.id, run.attempt, Status.FAILED, "The disk is full.")
    assert only(bench, dataset).first_epoch == 7
    bench.registry.delete_runs([run.id])
    assert only(bench, dataset).decision is Decision.NEW


def test_a_checkpoint_that_is_gone_is_missed_at_once(bench, dataset):
    """It is a file, of which the registry knows nothing."""
    run = trained(bench, launched(bench, dataset), 3)
    bench.registry.end(run.id, run.attempt, Status.KILLED, "Stopped.")
    assert (only(bench, dataset).first_epoch, only(bench, dataset, LONGER).first_epoch) == (4, 4)
    shutil.rmtree(run_folder(bench.settings, run.id).checkpoints)
    assert (only(bench, dataset).first_epoch, only(bench, dataset, LONGER).decision) == (1, Decision.NEW)


def test_weights_that_arrive_are_noticed_at_once(bench, dataset, planned):
    kept(bench, dataset)
    planned.clear()
    weights_folder(bench.settings).mkdir(parents=True, exist_ok=True)
    (weights_folder(bench.settings) / "new.h5").write_bytes(b"")
    kept(bench, dataset)
    assert planned


def test_nobody_is_shown_what_another_person_may_do(bench, dataset):
    anna, bert = (Person(name=name, role=Role.TRAINER) for name in ("anna", "bert"))
    with acting_as(anna):
        run = trained(bench, launched(bench, dataset), 3)
        bench.registry.end(run.id, run.attempt, Status.KILLED, "Stopped.")
    shutil.rmtree(run_folder(bench.settings, run.id).checkpoints)
    for _ in range(2):
        with acting_as(anna):
            assert only(bench, dataset).decision is Decision.RESUMED
        with acting_as(bert):
            assert (only(bench, dataset).decision, "belongs to anna" in only(bench, dataset).because) == (
                Decision.NEW,
                True,
            )
        with acting_as(replace(bert, role=Role.ADMIN)):
            assert only(bench, dataset).decision is Decision.RESUMED


def test_a_forced_plan_is_kept_for_nobody(bench, dataset):
    launched(bench, dataset)
    (forced,) = kept(bench, dataset, replace(CHOICE, force=True))
    assert forced.plans[0].decision is Decision.NEW
    assert only(bench, dataset).decision is Decision.REUSED


def test_after_a_while_files_are_looked_at_again(bench, dataset, planned, monkeypatch):
    kept(bench, dataset)
    planned.clear()
    monkeypatch.setattr(kept_plans, "FRESH_SECONDS", 1e9)
    kept(bench, dataset)
    assert planned


def test_only_the_newest_states_are_kept(bench, dataset):
    for number in range(2 * kept_plans.CAPACITY):
        bench.registry.set_preference("currency", str(number))
        kept(bench, dataset, CHOICE)
    assert len(kept_plans._kept[bench.registry]) == kept_plans.CAPACITY


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_kept_plans_are_those_that_would_be_made_now(bench, dataset, seed):
    """Random events of runs whose recipes are in the presets and in a choice; epochs are the most frequent."""
    chance, registry = random.Random(seed), bench.registry

    def one_of(*statuses):
        found = [run for run in registry.runs() if run.status in statuses]
        return chance.choice(found) if found else None

    def launch():
        chosen = chance.choice([Preset.QUICK, CHOICE, LONGER])
        plans = [plan for plan in bench.grid_plan(dataset, chosen).launchable if plan.recipe.cascade is None]
        bench._launch_all([(dataset, chance.choice(plans).recipe, False, "")], 0, RunNeeds())

    def record():
        run = one_of(Status.RUNNING)
        if run and run.recipe.is_trained:
            (run_folder(bench.settings, run.id).checkpoints / f"{run.epochs_done + 1:05}").mkdir(parents=True)
            epoch = replace(make_epochs(1)[0], number=run.epochs_done + 1, attempt=run.attempt)
            registry.record_epoch(run.id, run.attempt, epoch)

    def end():
        if run := one_of(Status.RUNNING):
            registry.end(run.id, run.attempt, chance.choice([Status.FAILED, Status.KILLED]), "It was stopped.")

    def finish():
        if run := one_of(Status.RUNNING):
            run_folder(bench.settings, run.id).card.parent.mkdir(parents=True, exist_ok=True)
            run_folder(bench.settings, run.id).card.write_text("{}")
            results = {"evaluation": make_evaluation(), "cost": make_cost(chance.uniform(0.5, 2.0))}
            registry.finish(run.id, run.attempt, model=make_model(run), best_epoch=run.epochs_done or None, **results)

    def cancel():
        if run := one_of(Status.SCHEDULED, Status.RUNNING):
            registry.request_cancel(run.id, chance.choice([*Cancel]))

    def requeue():
        if run := one_of(Status.FAILED, Status.KILLED):
            registry.requeue(run.id)

    def rename():
        if run := one_of(*Status):
            registry.annotate(run.id, name=f"run {chance.random()}")

    def delete():
        if run := one_of(Status.SCHEDULED, Status.FINISHED, Status.FAILED, Status.KILLED):
            registry.delete_runs([run.id])

    claim = lambda: registry.claim("cpu", "me")  # noqa: E731
    events = [launch] * 3 + [claim] * 3 + [record] * 8 + [end, finish, finish, cancel, requeue, rename, delete]
    for _ in range(40):
        happened = chance.choice(events)
        happened()
        choices = [Preset.QUICK, CHOICE, LONGER]
        assert kept(bench, dataset, *choices) == bench.grid_plans(dataset, choices), happened.__name__


def test_plans_are_kept_and_made_anew_where_trainers_wait_for_a_run(bench, dataset, planned, monkeypatch):
    kept(bench, dataset)
    slot = BusySlot(left=0.0, process="lite0", memory=frozenset({(SharedKind.NETWORK, "lite0")}))
    monkeypatch.setattr(Workbench, "_waiting", lambda self: [slot])
    assert kept(bench, dataset) == bench.grid_plans(dataset, (*Preset, CHOICE))
    planned.clear()
    kept(bench, dataset)
    assert not planned
