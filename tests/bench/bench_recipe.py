"""Feature extraction against Keras' published recipe: ``python -m tests.bench.bench_recipe [EPOCHS] [PER_CLASS]``.

The recipe of https://keras.io/guides/transfer_learning/: the frozen backbone inside the model, called with
``training=False``, pooling, dropout 0.2, one dense layer, Adam; every epoch sends every photo through the backbone. It
gets its decoded photos from memory. Both start as new processes in an empty home and end with predictions for the
test photos, which are compared photo by photo (exact McNemar test). On a shared machine use the ratio of the CPU
seconds.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from core import jobs
from core.runs.costs import Spent, spent_now
from core.runs.predictions import read_predictions
from tests.bench.homes import open_home, part_of, photos_for_benches, run_all
from tests.bench.measuring import BACKBONE

RECIPE = """
import sys
from pathlib import Path
import keras, numpy as np, tensorflow as tf
from core.files.home import dataset_folder, registry_file
from core.backbones import get
from core.datasets.decoding.fit import pixels
from core.features import networks
from core.registry import Registry
from core.settings import Settings

settings, epochs = Settings(home=Path(sys.argv[1])), int(sys.argv[2])
registry = Registry.open(registry_file(settings))
dataset, backbone = registry.datasets()[0], get(sys.argv[3])

def arrays(split):
    photos = registry.photos(dataset.id, split=split)
    folder = dataset_folder(settings, dataset.id).path / "photos"
    x = np.stack([pixels((folder / f"{p.digest}.jpg").read_bytes(), backbone.input_size) for p in photos])
    return x, np.array([dataset.class_names.index(p.class_name) for p in photos])

def batches(split, shuffle=False):
    x, y = arrays(split)
    data = tf.data.Dataset.from_tensor_slices((x, y))
    return (data.shuffle(len(x), seed=0) if shuffle else data).batch(32).prefetch(2)

base = networks.build(backbone, settings)
base.trainable = False
inputs = keras.Input(base.input.shape[1:])
x = keras.layers.GlobalAveragePooling2D()(base(inputs, training=False))
x = keras.layers.Dropout(0.2)(x)
model = keras.Model(inputs, keras.layers.Dense(len(dataset.class_names), "softmax")(x))
model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(batches("train", shuffle=True), validation_data=batches("validation"), epochs=epochs, verbose=2)
probabilities = model.predict(batches("test"), verbose=0)
np.savez(settings.home / "recipe.npz", right=probabilities.argmax(-1) == arrays("test")[1])
"""


def main(epochs: int = 20, per_class: int = 0) -> None:
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        photos = photos_for_benches()
        if per_class:
            photos = part_of(Path(photos), Path(folder) / "part.zip", per_class)
        bench = open_home(Path(folder) / "home", photos)
        dataset = bench.registry.datasets()[0]
        print(f"{dataset.photo_count} photos, {dataset.split_sizes['train']} to train on, {epochs} epochs", flush=True)
        run, ours = _graft(bench, epochs)
        home = bench.settings.home
        before = spent_now()
        argv = [sys.executable, "-c", RECIPE, str(home), str(epochs), BACKBONE]
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run(argv, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        theirs = spent_now().minus(before)
        predictions = read_predictions(run.id, "test", bench.settings)
        right = predictions.probabilities.argmax(-1) == predictions.labels
        with np.load(home / "recipe.npz") as file:
            recipe_right = file["right"]
    _print(right, recipe_right, ours, theirs)


def _graft(bench, epochs: int):
    """One frozen-backbone run with one view in an empty home; (run, seconds from launch to its end and of CPU)."""
    from dataclasses import replace

    from core.recipes.recipe import Recipe

    numbers = replace(bench.defaults(bench.registry.datasets()[0].id), epochs=epochs, views=1)
    (run,), seconds = run_all(bench, [Recipe(backbone=BACKBONE, hyperparameters=numbers)])
    jobs.stop_supervisor(bench.settings)
    return run, Spent(wall_seconds=seconds, cpu_seconds=bench.registry.cost(run.id).cpu_seconds)


def _print(right, recipe_right, ours: Spent, theirs: Spent) -> None:
    from scipy.stats import binomtest

    only_ours, only_theirs = int((right & ~recipe_right).sum()), int((~right & recipe_right).sum())
    p = binomtest(only_ours, only_ours + only_theirs).pvalue if only_ours + only_theirs else 1.0
    print(f"test accuracy: Graft {100 * right.mean():.1f} %, Keras' recipe {100 * recipe_right.mean():.1f} %")
    print(f"photos only Graft gets right: {only_ours}, only the recipe: {only_theirs}; exact McNemar p = {p:.3f}")
    for name, spent in (("Graft", ours), ("Keras' recipe", theirs)):
        print(f"{name}: {spent.wall_seconds:.1f} s, {spent.cpu_seconds:.1f} s of CPU")
    wall, cpu = theirs.wall_seconds / ours.wall_seconds, theirs.cpu_seconds / ours.cpu_seconds
    print(f"Keras' recipe / Graft: ratio = {wall:.1f}x (wanted: at least 15); of CPU seconds {cpu:.1f}x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
