"""A run stopped at any moment and resumed equals an uninterrupted one bit for bit, for every trained pattern."""

import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest

from core.jobs.exit_policy import ExitCode, read_exit_record
from core.recipes.hyperparameters import Adapter, Schedule
from core.recipes.patterns import Cascade, Pattern
from core.runs.values import Cancel, Status
from core.training import fitting, states
from core.training.stopping import Stopped
from core.training.trainable import TrainableModel
from tests.keras.training_bench import NUMBERS, OTHER, Bench, Outcome, same, same_outcome, same_run

pytestmark = pytest.mark.keras

FINE = replace(NUMBERS, head_epochs=2, depth=2, fine_tuning_rate=0.01, clip_norm=0.5)
PATTERNS = {
    "integrated_extractor": (replace(NUMBERS, hidden_units=4), {}),
    "normalized": (replace(NUMBERS, normalize=True, zero_head=True), {}),
    "fine_tuning": (FINE, {"pattern": Pattern.FINE_TUNING}),
    "normalized_fine_tuning": (replace(FINE, normalize=True, zero_head=True), {"pattern": Pattern.FINE_TUNING}),
    "gradual_unfreezing": (
        replace(FINE, head_epochs=1, unfreeze_every=1, rate_decay=0.5, schedule=Schedule.COSINE),
        {"pattern": Pattern.FINE_TUNING},
    ),
    "lora": (replace(FINE, rank=2, rate_decay=0.5), {"pattern": Pattern.PARAMETER_EFFICIENT}),
    "gradual_norm": (
        replace(FINE, adapter=Adapter.NORM, head_epochs=1, unfreeze_every=1, schedule=Schedule.COSINE),
        {"pattern": Pattern.PARAMETER_EFFICIENT},
    ),
    "weight_initialization": (
        replace(NUMBERS, schedule=Schedule.COSINE, rate_decay=0.8, class_weights=True),
        {"pattern": Pattern.WEIGHT_INITIALIZATION},
    ),
    "from_scratch": (NUMBERS, {"pattern": Pattern.FROM_SCRATCH}),
    "fusion": (NUMBERS, {"pattern": Pattern.CASCADE, "cascade": Cascade.FUSION, "members": (OTHER.name,)}),
    "stacking": (NUMBERS, {"pattern": Pattern.CASCADE, "cascade": Cascade.STACKING, "members": ("r-member",)}),
}


_wholes: dict[str, Outcome] = {}
"""By name of a pattern: the run that nothing interrupts. Every home of these tests has the same photos."""


def whole(bench: Bench, name: str) -> Outcome:
    """What the uninterrupted run of a pattern ends with; it is trained (``r-whole``) by the first test that asks."""
    if name not in _wholes:
        numbers, recipe = PATTERNS[name]
        bench.train("r-whole", numbers, **recipe)
        _wholes[name] = Outcome.of(bench, "r-whole")
    return _wholes[name]


def die() -> None:
    """An error that no handler may catch, in place of a kill; a test below uses SIGKILL."""
    raise Stopped


def killed_in_mid_epoch(patch: pytest.MonkeyPatch, epoch: int) -> None:
    """In the third batch where training goes batch by batch; an epoch of a head is one call and is lost as a whole."""
    run_epoch = fitting.Trainer.run_epoch

    def killed(self, number, attempt):
        if number == epoch:
            self._on_batch = lambda step: die() if step >= 3 else None
        return run_epoch(self, number, attempt)

    patch.setattr(fitting.Trainer, "run_epoch", killed)


def killed_in_evaluation(patch: pytest.MonkeyPatch, epoch: int) -> None:
    run_epoch = fitting.Trainer.run_epoch

    def killed(self, number, attempt):
        if number == epoch:
            self._on_batch = lambda step: die() if step < 0 else None
        return run_epoch(self, number, attempt)

    patch.setattr(fitting.Trainer, "run_epoch", killed)


def killed_in_a_save(patch: pytest.MonkeyPatch, epoch: int) -> None:
    """Half of the state is on disk, and no handler cleans up."""
    write = states.write

    def killed(path, variables):
        write(path, variables)
        if path.parent.name.startswith(f".{epoch:06d}."):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            patch.setattr(shutil, "rmtree", lambda *arguments, **options: None)
            die()

    patch.setattr(states, "write", killed)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_run_killed_in_mid_epoch_in_evaluation_and_in_a_save_is_the_uninterrupted_run(name, bench, monkeypatch):
    numbers, recipe = PATTERNS[name]
    if name == "stacking":
        bench.train("r-member")
    bench.train("r-whole", numbers, **recipe)
    _wholes[name] = Outcome.of(bench, "r-whole")
    bench.add("r-cut", numbers, **recipe)
    run, code = None, None
    for kill, epoch in ((killed_in_mid_epoch, 2), (killed_in_evaluation, 3), (killed_in_a_save, 4)):
        with monkeypatch.context() as patch:
            kill(patch, epoch)
            run, code = bench.attempt() if run is None else bench.again(run)
        assert (code, run.epochs_done) == (ExitCode.INTERRUPTED, epoch - 1), f"{kill.__name__}: {run.reason}"
    run, code = bench.again(run)
    assert (code, run.attempt) == (ExitCode.FINISHED, 4), run.reason
    assert [epoch.attempt for epoch in bench.registry.epochs("r-cut")] == [1, 2, 3, 4]
    same_run(bench, "r-cut", "r-whole")
    assert used(bench, "r-cut") >= used(bench, "r-whole")
    assert bench.registry.cost("r-cut").alone_wall_seconds > bench.registry.cost("r-cut").wall_seconds


def used(bench: Bench, run_id: str) -> set[str]:
    """The shared results in the run's cost without reuse, except engines, which only computing features opens."""
    names = {name for spent in bench.registry.spent(run_id) for name in spent["full_costs"]}
    return {name for name in names if not name.startswith("engine ")}


@pytest.mark.parametrize(
    "name", ["normalized", "normalized_fine_tuning", "fine_tuning", "lora", "from_scratch", "fusion"]
)
def test_three_epochs_extended_to_six_are_six_epochs(name, bench):
    numbers, recipe = PATTERNS[name]
    six = replace(numbers, epochs=6)
    bench.train("r-six", six, **recipe)
    bench.train("r-three", replace(numbers, epochs=3), **recipe)
    extended = bench.train("r-more", six, extends="r-three", **recipe)
    assert [epoch.number for epoch in bench.registry.epochs("r-more")] == [1, 2, 3, 4, 5, 6]
    same_run(bench, "r-more", "r-six")
    assert extended.best_epoch == bench.registry.run("r-six").best_epoch
    assert used(bench, "r-more") >= used(bench, "r-six")
    cost = bench.registry.cost("r-more")
    assert cost.alone_wall_seconds > cost.wall_seconds


def test_a_rate_that_falls_over_all_epochs_is_not_extended_but_begun_anew(bench):
    falling = replace(FINE, schedule=Schedule.COSINE)
    bench.train("r-four", falling, pattern=Pattern.FINE_TUNING)
    six = replace(falling, epochs=6)
    bench.train("r-more", six, extends="r-four", pattern=Pattern.FINE_TUNING)
    bench.train("r-six", six, pattern=Pattern.FINE_TUNING)
    same_run(bench, "r-more", "r-six")
    assert bench.figures("r-more")[3] != bench.figures("r-four")[3]


def test_a_run_stopped_by_its_user_can_be_extended_to_all_its_epochs(bench):
    falling = replace(FINE, schedule=Schedule.COSINE)
    bench.train("r-whole", falling, pattern=Pattern.FINE_TUNING)
    bench.add("r-part", falling, pattern=Pattern.FINE_TUNING)
    cancel_after(bench, 3)
    bench.attempt()
    assert bench.registry.run("r-part").epochs_done == 3
    bench.train("r-rest", falling, extends="r-part", pattern=Pattern.FINE_TUNING)
    same_run(bench, "r-rest", "r-whole")


@pytest.mark.parametrize("lost", ["dropout", "optimizer"])
def test_without_all_of_its_state_a_resumed_run_would_be_another(lost, bench, monkeypatch):
    """Checks that the tests above can fail."""
    numbers, recipe = PATTERNS["weight_initialization"]
    expected = whole(bench, "weight_initialization")
    bench.add("r-cut", numbers, **recipe)
    with monkeypatch.context() as patch:
        killed_in_mid_epoch(patch, 3)
        run, _ = bench.attempt()
    if lost == "optimizer":
        monkeypatch.setattr(TrainableModel, "read_optimizer", lambda *_: None)
    else:
        read = states.read

        def forgetful(path, variables, **how):
            kept = [(v, np.array(v)) for v in variables if "seed" in v.path]
            read(path, variables, **how)
            for variable, value in kept:
                variable.assign(value)

        monkeypatch.setattr(states, "read", forgetful)
    bench.again(run)
    assert not same(bench.state("r-cut", 4), expected.state)


def test_a_run_killed_after_its_last_epoch_only_saves_and_measures(bench, monkeypatch):
    numbers, recipe = PATTERNS["fine_tuning"]
    expected = whole(bench, "fine_tuning")
    bench.add("r-cut", numbers, **recipe)
    with monkeypatch.context() as patch:
        patch.setattr("core.training.finishing.finish", lambda *_: die())
        run, _ = bench.attempt()
    monkeypatch.setattr(fitting.Trainer, "run_epoch", lambda *_: pytest.fail("trained again"))
    run, code = bench.again(run)
    assert code == ExitCode.FINISHED, run.reason
    same_outcome(Outcome.of(bench, "r-cut"), expected)


def test_an_extension_whose_parent_was_deleted_begins_anew(bench):
    bench.train("r-five")
    bench.add("r-more", replace(NUMBERS, epochs=6), extends="r-five")
    for checkpoint in (bench.folder("r-five") / "checkpoints").rglob("*.npz"):
        checkpoint.unlink()
    run, code = bench.attempt()
    assert code == ExitCode.FINISHED and run.epochs_done == 6


def test_a_kill_between_checkpoint_and_registry_loses_no_epoch(bench, monkeypatch):
    bench.train("r-whole")
    bench.add("r-cut")
    record = bench.registry.record_epoch

    def killed(run_id, number, epoch):
        if epoch.number == 3:
            raise Stopped
        record(run_id, number, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(bench.registry, "record_epoch", killed)
        run, _ = bench.attempt()
    assert run.epochs_done == 2
    bench.again(run)
    assert bench.figures("r-cut") == bench.figures("r-whole")


# --- requests to stop ---


def cancel_after(bench: Bench, epoch: int) -> None:
    """The user requests a stop in the middle of ``epoch``."""
    record = type(bench.registry).record_epoch

    def record_and_cancel(run_id, number, row):
        record(bench.registry, run_id, number, row)
        if row.number == epoch:
            bench.registry.request_cancel(run_id, Cancel.AFTER_EPOCH)
            del bench.registry.record_epoch

    bench.registry.record_epoch = record_and_cancel


def test_stop_after_this_epoch_finishes_the_run_with_its_best_epoch_so_far(bench):
    bench.add("r-one")
    cancel_after(bench, 2)
    run, code = bench.attempt()
    assert (code, run.status, run.epochs_done) == (ExitCode.FINISHED, Status.FINISHED, 2)
    assert run.reason == "Stopped after epoch 2 of 4."
    assert run.best_epoch in (1, 2) and run.test_accuracy is not None
    assert bench.registry.model("r-one").card["stopped"] == run.reason


def test_stop_after_this_epoch_says_nothing_when_it_was_the_last_anyway(bench):
    bench.add("r-one")
    cancel_after(bench, 4)
    run, code = bench.attempt()
    assert (code, run.status, run.reason) == (ExitCode.FINISHED, Status.FINISHED, "")


def test_a_cancel_now_is_told_from_an_interruption_by_the_registry(bench, monkeypatch):
    bench.add("r-one")
    claim = bench.registry.claim

    def claim_and_cancel(slot, token):
        run = claim(slot, token)
        bench.registry.request_cancel(run.id, Cancel.NOW)
        return run

    monkeypatch.setattr(bench.registry, "claim", claim_and_cancel)
    killed_in_mid_epoch(monkeypatch, 1)
    run, code = bench.attempt()
    assert (code, run.status) == (ExitCode.CANCELLED, Status.KILLED)
    assert read_exit_record(bench.folder("r-one") / "exit.json", 1).outcome == "cancelled"
    assert run.wall_seconds > 0


# --- a real SIGKILL ---

DRIVER = """
import os, signal, sys
import pytest
from core.registry import Registry
from core.settings import Settings
from pathlib import Path
from core.training import __main__ as trainer
from core.training import assembling, finishing
from core.training.stopping import Stop
from tests.keras.training_bench import use_networks
from tests.keras import test_training_resume as tests

home, moment, epoch = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tests.die = lambda: os.kill(os.getpid(), signal.SIGKILL)
with pytest.MonkeyPatch.context() as patch:
    use_networks(patch)
    patch.setattr(assembling, "export", lambda *_: None)
    patch.setattr(finishing, "milliseconds", lambda *_: 1.0)
    if moment != "none":
        getattr(tests, moment)(patch, epoch)
    everything = {"settings": Settings(home=home), "registry": Registry.open(home / "registry.db"), "stop": Stop()}
    sys.exit(trainer.RunAttempt("r-cut", int(sys.argv[4]), **everything).go())
"""


def shot_and_resumed(expected: Outcome, bench, forks, kills, numbers, **recipe) -> None:
    """Fails unless a run (``r-cut``) whose trainer is killed at each (moment, epoch) ends as an uninterrupted one."""
    bench.add("r-cut", numbers, **recipe)
    for number, (moment, epoch) in enumerate([*kills, ("none", 0)], start=1):
        run = bench.registry.claim("cpu", f"shot {number}")
        bench.folder("r-cut").mkdir(parents=True, exist_ok=True)
        code, printed = forks.run(DRIVER, str(bench.settings.home), moment, str(epoch), str(number))
        assert code == (-signal.SIGKILL if epoch else 0), printed[-2000:]
        if epoch:
            bench.registry.requeue("r-cut", run.attempt)
    same_outcome(Outcome.of(bench, "r-cut"), expected)


@pytest.mark.parametrize("name", ["gradual_unfreezing", "lora"])
def test_a_trainer_shot_at_three_times_leaves_the_same_run(name, bench, forks):
    numbers, recipe = PATTERNS[name]
    kills = ("killed_in_mid_epoch", 2), ("killed_in_evaluation", 3), ("killed_in_a_save", 4)
    shot_and_resumed(whole(bench, name), bench, forks, kills, numbers, **recipe)
