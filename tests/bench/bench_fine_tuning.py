"""Time saved by stored features in fine-tuning: ``python -m tests.bench.bench_fine_tuning [DEPTH] [PER_CLASS]``.

Seconds per epoch of training the top blocks from the stored feature map below them, as recorded by a run, against the
same training in plain Keras with the whole network in the model and decoded photos in memory: same photos, batches,
trained layers and frozen batch normalisation. The first epoch, which compiles, is left out on both sides.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median

from core import jobs
from tests.bench.homes import open_home, part_of, photos_for_benches, run_all
from tests.bench.measuring import BACKBONE

EPOCHS = 4

PLAIN = """
import json, sys, time
from pathlib import Path
import keras, numpy as np, tensorflow as tf
from core.files.home import dataset_folder, registry_file
from core.backbones import get
from core.datasets.decoding.fit import pixels
from core.features import networks
from core.registry import Registry
from core.settings import Settings

settings, epochs, depth, batch = Settings(home=Path(sys.argv[1])), *map(int, sys.argv[2:5])
registry = Registry.open(registry_file(settings))
dataset, backbone = registry.datasets()[0], get(sys.argv[5])

def batches(split):
    photos = registry.photos(dataset.id, split=split)
    folder = dataset_folder(settings, dataset.id).path / "photos"
    x = np.stack([pixels((folder / f"{p.digest}.jpg").read_bytes(), backbone.input_size) for p in photos])
    y = np.array([dataset.class_names.index(p.class_name) for p in photos])
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(batch).prefetch(2)

network = networks.network(backbone, settings)
network.trainable = False
learning = networks.layers_by_block(network, backbone.blocks)
for block in backbone.blocks[-depth:]:
    for layer in learning[block]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
outputs = keras.layers.Dense(len(dataset.class_names), "softmax")(network.output)
model = keras.Model(network.input, outputs)
model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
train, validation, seconds = batches("train"), batches("validation"), []
for epoch in range(epochs):
    begin = time.perf_counter()
    model.fit(train, validation_data=validation, initial_epoch=epoch, epochs=epoch + 1, verbose=0)
    seconds.append(time.perf_counter() - begin)
print(json.dumps(seconds))
"""


def main(depth: int = 1, per_class: int = 60) -> None:
    with tempfile.TemporaryDirectory() as folder:
        photos = photos_for_benches()
        if photos != "demo":
            photos = part_of(Path(photos), Path(folder) / "part.zip", per_class)
        bench = open_home(Path(folder) / "home", photos)
        dataset = bench.registry.datasets()[0]
        ours, batch = _graft(bench, depth)
        argv = [sys.executable, "-c", PLAIN, str(bench.settings.home), str(EPOCHS), str(depth), str(batch), BACKBONE]
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        told = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True).stdout
        theirs = json.loads(told.splitlines()[-1])[1:]
    print(f"{dataset.split_sizes['train']} training photos, top {depth} block(s) trained, seconds an epoch:")
    print(f"from stored features {median(ours):.1f}, without {median(theirs):.1f}")
    print(f"without / from stored features: ratio = {median(theirs) / median(ours):.1f}x (wanted: at least 2.5)")


def _graft(bench, depth: int) -> tuple[list[float], int]:
    """Seconds of every epoch but the first, and the batch size."""
    from core.recipes.patterns import Pattern
    from core.recipes.recipe import Recipe

    usual = bench.defaults(bench.registry.datasets()[0].id, Pattern.FINE_TUNING, BACKBONE)
    numbers = replace(usual, epochs=EPOCHS, head_epochs=0, views=1, depth=depth)
    (run,), _ = run_all(bench, [Recipe(backbone=BACKBONE, pattern=Pattern.FINE_TUNING, hyperparameters=numbers)])
    jobs.stop_supervisor(bench.settings)
    return [epoch.seconds for epoch in bench.registry.epochs(run.id)][1:], numbers.batch_size


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
