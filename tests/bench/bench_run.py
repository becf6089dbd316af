"""What storing features saves: ``python -m tests.bench.bench_run [EPOCHS]``.

A whole run on the demo photos as its own process, from the first import to the saved model, against a plain Keras
program with the same backbone, head, photos and epochs, that sends every photo through the frozen backbone in every
epoch. Once in an empty home (network exported, features computed) and once where another recipe came before.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.measuring import BACKBONE

EPOCHS = 10

PLAIN = """
import sys
from pathlib import Path
import keras, numpy as np, tensorflow as tf
from core.backbones import get
from core.datasets.photos import pixels
from core.features import networks
from core.registry import Registry
from core.settings import Settings

settings, epochs = Settings(home=Path(sys.argv[1])), int(sys.argv[2])
registry = Registry.open(settings.registry_path)
dataset, backbone = registry.datasets()[0], get(sys.argv[3])

def arrays(split):
    photos = registry.photos(dataset.id, split=split)
    folder = settings.dataset_dir(dataset.id) / "photos"
    x = np.stack([pixels((folder / f"{p.digest}.jpg").read_bytes(), backbone.input_size) for p in photos])
    return tf.data.Dataset.from_tensor_slices((x, [dataset.class_names.index(p.class_name) for p in photos])).batch(32)

prefix = networks.prefix(backbone, settings)
inputs = keras.Input(prefix.input.shape[1:])
x = keras.layers.Dropout(0.2)(prefix(inputs, training=False))
model = keras.Model(inputs, keras.layers.Dense(len(dataset.class_names), "softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(arrays("train"), validation_data=arrays("validation"), epochs=epochs, verbose=0)
model.evaluate(arrays("test"), verbose=0)
model.save(settings.home / "plain.keras")
"""


def main(epochs: int = EPOCHS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = os.environ | {"GRAFT_HOME": folder, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        _prepare(home)
        seconds = {
            "first": _train(home, epochs, environment, number=1),
            "plain": _timed([sys.executable, "-c", PLAIN, folder, str(epochs), BACKBONE], environment),
            "second": _train(home, epochs, environment, number=2, hidden_units=64),
        }
    print(f"{epochs} epochs on the demo photos, plain Keras: {seconds['plain']:.1f} s")
    print(f"first run in an empty home: {seconds['first']:.1f} s")
    print(f"another recipe on the same photos: {seconds['second']:.1f} s")
    print(f"plain Keras / first run: ratio = {seconds['plain'] / seconds['first']:.1f}x")
    print(f"plain Keras / run with stored features: ratio = {seconds['plain'] / seconds['second']:.1f}x")


def _prepare(home: Path) -> None:
    from core.workbench import Workbench

    Workbench.open(_settings(home)).import_photos("demo")


def _settings(home: Path):
    from core.settings import Settings

    return Settings(home=home)


def _train(home: Path, epochs: int, environment: dict[str, str], number: int, **changes) -> float:
    """Seconds of a trainer's whole life, as the supervisor would start it."""
    from core.recipes import Hyperparameters, Recipe
    from core.registry import Registry
    from core.runs import Run, Status

    registry = Registry.open(_settings(home).registry_path)
    recipe = Recipe(backbone=BACKBONE, hyperparameters=Hyperparameters(epochs=epochs, **changes))
    run = Run(
        id=f"r-bench{number}",
        dataset_id=registry.datasets()[0].id,
        recipe=recipe,
        fingerprint=f"bench {number}",
        name="bench",
        status=Status.SCHEDULED,
    )
    registry.add_run(run)
    claimed = registry.claim("cpu", "bench")
    _settings(home).run_dir(run.id).mkdir(parents=True)
    seconds = _timed([sys.executable, "-m", "core.training", run.id, "--attempt", str(claimed.attempt)], environment)
    registry.close()
    return seconds


def _timed(argv: list[str], environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(argv, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
