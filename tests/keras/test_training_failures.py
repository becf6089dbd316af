"""A failed run has a reason of one sentence, and its checkpoints are kept."""

from dataclasses import replace

import keras
import pytest
import tensorflow as tf

from core.errors import GraftError
from core.files.home import dataset_folder
from core.jobs.exit_policy import ExitCode
from core.recipes.patterns import Pattern
from core.runs.values import Status
from core.training import __main__ as trainer
from core.training import optimizing, states
from core.training.stopping import Stop
from tests.keras.training_bench import NUMBERS

pytestmark = pytest.mark.keras


def test_a_loss_that_is_no_number_ends_the_run_with_advice_and_keeps_the_last_good_epoch(bench, monkeypatch):
    def explodes_in_epoch_three(stage, steps):
        return keras.optimizers.schedules.PiecewiseConstantDecay([2 * 6], [0.01, 1e38])

    monkeypatch.setattr(optimizing, "learning_rate", explodes_in_epoch_three)
    bench.add("r-one", pattern=Pattern.WEIGHT_INITIALIZATION)
    assert "loss became NaN in epoch 3; try a lower learning rate" in bench.fails()
    assert [epoch.number for epoch in bench.registry.epochs("r-one")] == [1, 2]
    assert bench.checkpoints("r-one").latest().epoch == 2
    assert bench.registry.evaluation("r-one") is None


def test_a_full_disk_is_named_and_the_last_epoch_kept(bench, monkeypatch):
    write = states.write

    def full(path, variables):
        if ".000003." in str(path):
            raise OSError(28, "No space left on device")
        write(path, variables)

    bench.add("r-one")
    with monkeypatch.context() as patch:
        patch.setattr(states, "write", full)
        assert "disk is full: epoch 3 could not be saved. Epoch 2 is kept" in bench.fails()
    bench.registry.requeue("r-one")
    run, code = bench.attempt()
    assert code == ExitCode.FINISHED and run.epochs_done == 4


@pytest.mark.parametrize("pattern", [Pattern.INTEGRATED_EXTRACTOR, Pattern.FROM_SCRATCH])
def test_a_missing_photo_is_named(pattern, bench):
    """Before anything is trained where features are computed; by the epoch that needs it where the photos are read."""
    photo = bench.registry.photos(bench.dataset.id, split="train")[0]
    (dataset_folder(bench.settings, bench.dataset.id).path / "photos" / f"{photo.digest}.jpg").unlink()
    bench.add("r-one", pattern=pattern)
    assert photo.file in bench.fails()


def test_a_depth_the_network_does_not_have_is_said_before_anything_is_computed(bench):
    bench.add("r-one", replace(NUMBERS, depth=3))
    assert "trained has 3 blocks, so the depth must be between 0 and 2. Received: depth=3" in bench.fails()


def test_a_backbone_whose_run_was_deleted_is_named(bench):
    bench.train("r-parent")
    bench.add("r-one", backbone="r-parent")
    bench.model_path("r-parent").unlink()
    assert "The model of Tiny (r-parent) is gone" in bench.fails()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "ran out of memory"),
        (tf.errors.ResourceExhaustedError(None, None, "OOM"), "ran out of memory"),
        (OSError(28, "No space left"), "disk is full"),
        (FileNotFoundError(2, "No such file", "weights.pth"), "weights.pth"),
        (GraftError("A sentence."), "A sentence."),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero. See the log"),
    ],
)
def test_every_error_becomes_a_sentence(error, said):
    assert said in trainer.reason_of(error)


def test_an_attempt_that_was_overtaken_touches_nothing(bench):
    bench.add("r-one")
    first = bench.registry.claim("cpu", "a")
    bench.registry.requeue(first.id, first.attempt)
    second = bench.registry.claim("cpu", "b")
    assert (first.attempt, second.attempt) == (1, 2)
    bench.folder("r-one").mkdir(parents=True)
    code = trainer.RunAttempt("r-one", 1, settings=bench.settings, registry=bench.registry, stop=Stop()).go()
    assert code == ExitCode.INTERRUPTED
    assert bench.registry.run("r-one").status is Status.RUNNING
    assert not (bench.folder("r-one") / "exit.json").exists()
