"""Needs at the launch, and why a run waits."""

from dataclasses import asdict, replace

import pytest

from core import jobs
from core.cli.queue import queue_text
from core.cli.runs import runs_text, show_text
from core.errors import InvalidInput
from core.jobs.machine import GpuFacts, MachineFacts
from core.jobs.slots import Slot
from core.output.queue import queue_json
from core.output.runs import run_json, runs_json
from core.planning import capacity
from core.planning.decide import Decision
from core.recipes.grid import GridChoice
from core.recipes.patterns import Pattern
from core.registry.placement import KnownSlot
from core.registry.search import RunQuery
from core.runs.needs import RunNeeds, SlotResources
from core.runs.values import Status
from core.workbench import Workbench

GB = 10**9
SMALL, BIG = (
    SlotResources(gpus=1, gpu_kinds=("NVIDIA A10",), gpu_bytes=gigabytes * GB, memory_bytes=64 * GB, cpus=8)
    for gigabytes in (24, 80)
)
CHOICE = GridChoice.product(["efficientnet_lite1"], [Pattern.INTEGRATED_EXTRACTOR])


@pytest.fixture
def two_gpus(monkeypatch):
    """This machine has a small and a large GPU."""
    slots = (Slot(name="small", title="A10", resources=SMALL), Slot(name="big", title="A10", resources=BIG))
    monkeypatch.setattr(jobs, "discover_slots", lambda: slots)


@pytest.fixture
def clustered(bench):
    """The same home with a cluster, of which the supervisor has seen one slot."""
    bench.registry.note_slots([KnownSlot(name="n1/gpu0", title="n1 A10 0", resources=SMALL)])
    return Workbench(replace(bench.settings, launcher="ray:http://head:8265"), bench.registry)


def launched(bench, dataset, needs=None):
    ((plan, run),) = bench.launch_grid(bench.grid_plan(dataset, CHOICE), needs=needs)
    return plan, run


def needs_of(bench, run):
    return bench.registry.needs_of([run.id]).get(run.id, RunNeeds())


# --- at the launch ---


def test_on_one_machine_nothing_is_needed_that_nobody_states(bench, dataset):
    assert needs_of(bench, launched(bench, dataset)[1]) == RunNeeds()


def test_what_is_stated_is_kept_and_changes_neither_recipe_nor_fingerprint(bench, dataset, two_gpus):
    plan = bench.grid_plan(dataset, CHOICE)
    run = launched(bench, dataset, RunNeeds(gpu_bytes=40 * GB))[1]
    assert needs_of(bench, run) == RunNeeds(gpu_bytes=40 * GB)
    assert (run.fingerprint, run.recipe) == (plan.plans[0].fingerprint, plan.plans[0].recipe)


def test_more_than_exists_is_refused_in_one_sentence_and_nothing_is_launched(bench, dataset, two_gpus):
    before = len(bench.registry.runs())
    with pytest.raises(InvalidInput, match="It needs 4 GPUs; the most that one slot has is 1 GPU. Ask for less"):
        launched(bench, dataset, RunNeeds(gpus=4))
    with pytest.raises(InvalidInput, match="the largest GPU has 80 GB"):
        launched(bench, dataset, RunNeeds(gpu_bytes=90 * GB))
    assert len(bench.registry.runs()) == before


def test_the_same_run_launched_again_with_other_needs_waits_for_those(bench, dataset, two_gpus):
    _, run = launched(bench, dataset, RunNeeds(gpu_bytes=40 * GB))
    plan, again = launched(bench, dataset)
    assert (plan.decision, again.id, needs_of(bench, run)) == (Decision.REUSED, run.id, RunNeeds(gpu_bytes=40 * GB))
    launched(bench, dataset, RunNeeds(cpus=2))
    assert needs_of(bench, run) == RunNeeds(cpus=2)


def test_a_resumed_run_gets_the_needs_with_which_it_is_resumed(bench, dataset, two_gpus):
    _, run = launched(bench, dataset, RunNeeds(cpus=2))
    claimed = bench.registry.claim("small", "me", run.id)
    bench.registry.end(run.id, claimed.attempt, Status.FAILED, "Out of memory.")
    plan, again = launched(bench, dataset, RunNeeds(gpu_bytes=40 * GB))
    assert (plan.decision, again.id) == (Decision.RESUMED, run.id)
    assert needs_of(bench, run) == RunNeeds(gpu_bytes=40 * GB)


# --- on a cluster ---


def test_on_a_cluster_the_estimate_of_the_plan_chooses_the_machine_unless_memory_is_stated(clustered, dataset):
    plan, run = launched(clustered, dataset)
    assert needs_of(clustered, run) == RunNeeds(estimated_bytes=plan.memory_bytes)
    assert plan.memory_bytes > 10**8
    launched(clustered, dataset, RunNeeds(cpus=2))
    assert needs_of(clustered, run) == RunNeeds(cpus=2, estimated_bytes=plan.memory_bytes)
    launched(clustered, dataset, RunNeeds(memory_bytes=GB))
    assert needs_of(clustered, run) == RunNeeds(memory_bytes=GB)


def test_a_machine_that_is_away_counts_as_one_that_exists(clustered, dataset):
    wanted = RunNeeds(gpu_bytes=40 * GB)
    with pytest.raises(InvalidInput, match="the largest GPU has 24 GB"):
        launched(clustered, dataset, wanted)
    gpu = GpuFacts(name="GPU-1", title="NVIDIA A100", memory_bytes=80 * GB)
    clustered.registry.note_node("n2", asdict(MachineFacts(cpus=8, memory_bytes=64 * GB, gpus=(gpu,))))
    assert needs_of(clustered, launched(clustered, dataset, wanted)[1]).gpu_bytes == 40 * GB


def test_of_a_machine_that_is_there_its_slots_count_which_may_have_a_part_of_it_only(clustered, dataset):
    clustered.registry.note_node("n1", asdict(MachineFacts(cpus=64, memory_bytes=512 * GB)))
    with pytest.raises(InvalidInput, match="It needs 100 GB of memory; the largest machine has 64 GB"):
        launched(clustered, dataset, RunNeeds(memory_bytes=100 * GB))


def test_while_no_machine_is_known_everything_may_wait(clustered, dataset):
    clustered.registry.note_slots([])
    _, run = launched(clustered, dataset, RunNeeds(gpus=8))
    assert clustered.waits([run.id]) == {
        run.id: f"It needs {needs_of(clustered, run).describe()}; no slot is known yet."
    }


def test_memory_is_judged_by_the_largest_machine_of_the_cluster_not_by_this_one(clustered, dataset, monkeypatch):
    monkeypatch.setattr(capacity, "memory_of", lambda name: 10)
    (plan,) = clustered.grid_plan(dataset, CHOICE).plans
    assert plan.decision is Decision.NEW
    tiny = KnownSlot(name="n1/cpu", title="n1 CPU", resources=SlotResources(memory_bytes=10**6))
    clustered.registry.note_slots([tiny])
    (plan,) = clustered.grid_plan(dataset, CHOICE).plans
    assert plan.decision is Decision.REFUSED and "the largest machine that trains has 1.0 MB" in plan.because


# --- while it waits ---


def test_a_run_says_what_it_needs_that_no_slot_or_not_every_slot_has(bench, dataset, two_gpus):
    _, run = launched(bench, dataset, RunNeeds(gpu_bytes=40 * GB))
    small, big = (KnownSlot(name=name, title=name, resources=found) for name, found in (("small", SMALL), ("big", BIG)))
    bench.registry.note_slots([small, big])
    assert bench.waits([run.id]) == {run.id: "It needs a GPU with 40 GB; 1 of 2 slots fits."}
    bench.registry.note_slots([big])
    assert bench.waits([run.id]) == {}
    bench.registry.note_slots([small])
    sentence = "It needs a GPU with 40 GB; the largest GPU has 24 GB. It starts when there is such a slot."
    assert bench.waits([run.id]) == {run.id: sentence}
    assert queue_text(queue_json(bench)).endswith(f"{run.id} waits: {sentence}")
    assert f"{run.id} waits: {sentence}" in runs_text(runs_json(bench, RunQuery(statuses=())))
    details = run_json(bench, run)
    assert (details["waits"], details["needs"]) == (sentence, {"gpus": 1, "gpu_bytes": 40 * GB})
    assert f"  {sentence}" in show_text(details).splitlines()


def test_a_run_that_has_started_waits_for_nothing(bench, dataset, two_gpus):
    _, run = launched(bench, dataset, RunNeeds(gpu_bytes=40 * GB))
    bench.registry.claim("big", "me", run.id)
    assert run_json(bench, bench.registry.run(run.id))["waits"] == ""
