"""Several devices that share every step, and float16: the same runs, saved for one device in float32."""

import signal
from dataclasses import replace

import keras
import numpy as np
import pytest

from core.jobs.exit_policy import ExitCode
from core.recipes.patterns import Pattern
from core.runs.values import Status
from core.training import devices, fitting
from tests.keras.test_training_resume import killed_in_mid_epoch
from tests.keras.training_bench import NUMBERS, same, same_run

pytestmark = pytest.mark.keras

FINE = replace(NUMBERS, head_epochs=2, depth=2, fine_tuning_rate=0.01, clip_norm=0.5, rate_decay=0.5)

ON_TWO_DEVICES = """
import os, signal, sys
from pathlib import Path
import pytest
import tensorflow as tf
from core.registry import Registry
from core.settings import Settings
from core.training import __main__ as trainer, devices
from core.training.stopping import Stop
from tests.keras import test_training_resume as tests
from tests.keras.training_bench import use_networks

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
home, shots = Path(sys.argv[1]), sys.argv[2:]
tests.die = lambda: os.kill(os.getpid(), signal.SIGKILL)
with pytest.MonkeyPatch.context() as patch:
    use_networks(patch)
    patch.setattr(devices, "gpus", lambda: ["CPU:0", "CPU:1"])
    assert devices.strategy().num_replicas_in_sync == 2
    registry = Registry.open(home / "registry.db")
    while (run := registry.claim("cpu", "two devices")) is not None:
        (home / "runs" / run.id).mkdir(parents=True, exist_ok=True)
        if run.id in shots and run.attempt == 1:
            tests.killed_in_mid_epoch(patch, 4)
        attempt = trainer.RunAttempt(run.id, run.attempt, settings=Settings(home=home), registry=registry, stop=Stop())
        code = attempt.go()
        assert code == 0, code
"""


def on_two_devices(forks, bench, *shot: str) -> int:
    code, printed = forks.run(ON_TWO_DEVICES, str(bench.settings.home), *shot)
    assert code in (0, -signal.SIGKILL), printed
    return code


RECIPES = {
    "r-fine": (FINE, Pattern.FINE_TUNING),
    "r-whole": (NUMBERS, Pattern.WEIGHT_INITIALIZATION),
    "r-odd": (replace(NUMBERS, batch_size=41), Pattern.WEIGHT_INITIALIZATION),
}
"""Of 42 training photos: batches of 41 are 21 and 20, then a photo and one that fills up."""


@pytest.mark.timeout(900)
def test_two_devices_learn_what_one_learns_and_resume_as_one_does(bench, forks):
    for name, (numbers, pattern) in RECIPES.items():
        bench.add(name, numbers, pattern=pattern)
    shots = ("r-fine-shot", "r-whole-shot")
    for name in shots:
        numbers, pattern = RECIPES[name.removesuffix("-shot")]
        bench.add(name, numbers, pattern=pattern)
    for name in shots:
        assert on_two_devices(forks, bench, *shots) == -signal.SIGKILL
        assert bench.registry.requeue(name, 1)
    assert on_two_devices(forks, bench) == 0
    assert {bench.registry.run(name).status for name in (*RECIPES, *shots)} == {Status.FINISHED}
    for name in shots:
        same_run(bench, name, name.removesuffix("-shot"))

    for name, (numbers, pattern) in RECIPES.items():
        bench.train(f"{name}-alone", numbers, pattern=pattern)
        many, one = (np.array(bench.figures(run))[1:, 3] for run in (name, f"{name}-alone"))
        np.testing.assert_allclose(many, one, rtol=0.3, err_msg=name)
        model = keras.models.load_model(bench.model_path(name), safe_mode=True)
        assert not any(getattr(layer, "synchronized", False) for layer in model.layers)
        # Nine validation photos are five for one device and four for the other.
        stored, best = bench.answers(name, "validation"), bench.registry.run(name).best_epoch
        losses = -np.log(stored["probabilities"][np.arange(9), stored["labels"]])
        np.testing.assert_allclose(bench.figures(name)[best - 1][3], losses.mean(), rtol=2e-3, err_msg=name)


def test_every_device_gets_a_photo_of_every_batch():
    """TensorFlow fails where a device gets no photo."""
    order, size = fitting.padded_to_devices(np.arange(9), 4, devices=2)
    assert (order.tolist(), size) == ([0, 1, 2, 3, 4, 5, 6, 7, 8, 0], 4)
    assert fitting.padded_to_devices(np.arange(10), 4, devices=2)[0].tolist() == list(range(10))
    assert fitting.padded_to_devices(np.arange(8), 1, devices=4)[1] == 4
    assert fitting.padded_to_devices(np.arange(9), 4, devices=1)[0].tolist() == list(range(9))
    assert fitting.evenly(9, 512, 2) == 9 and fitting.evenly(33, 32, 2) == 31
    for rows in range(2, 80):
        size = fitting.evenly(rows, 32, 2)
        assert rows % size != 1 and size <= 32


def test_float16_trains_and_resumes_and_is_saved_in_float32(bench, monkeypatch, tiny_dataset):
    numbers = replace(FINE, mixed_precision=True)
    used = []
    monkeypatch.setattr(devices, "uses_float16", lambda numbers: used.append(numbers) or numbers.mixed_precision)
    bench.train("r-whole", numbers, pattern=Pattern.FINE_TUNING)
    bench.add("r-cut", numbers, pattern=Pattern.FINE_TUNING)
    with monkeypatch.context() as patch:
        killed_in_mid_epoch(patch, 4)
        run, _ = bench.attempt()
    run, code = bench.again(run)
    assert code == ExitCode.FINISHED, run.reason
    same_run(bench, "r-cut", "r-whole")
    assert used and keras.config.dtype_policy().name == "float32"

    bench.train("r-plain", FINE, pattern=Pattern.FINE_TUNING)
    assert not same(bench.state("r-plain", 4)[:2], bench.state("r-whole", 4)[:2]), "float16 must make a difference"
    model = keras.models.load_model(bench.model_path("r-whole"), safe_mode=True)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    photos = bench.registry.photos(bench.dataset.id, split="test")
    said = model.predict(tiny_dataset[2](photos).astype(np.float32), verbose=0)
    np.testing.assert_allclose(said, bench.answers("r-whole")["probabilities"], atol=2e-3)


def test_on_a_cpu_mixed_precision_changes_nothing(bench):
    assert not devices.uses_float16(replace(NUMBERS, mixed_precision=True))
    assert devices.strategy().num_replicas_in_sync == 1
