"""From photos to a trained model: ``python -m tests.bench.bench_speed [PER_CLASS]``.

Side by side on the same photos: the bare pass (decoding, resizing and the network, by Graft's engine), a plain script
("``model.predict`` once, then logistic regression"), and in Graft a first run in an empty home, a second recipe by the
trainer that waits for it, another one in a new process, ten recipes and ten seeds. Runs are measured from the launch to
the last end. On a shared machine compare the ratios of the CPU seconds.

As after ``make run``, the networks that come with Graft were exported before: what is missing is exported first, and
not measured. ``GRAFT_KEPT_ENGINES=/dev/null`` measures a first run that exports its own.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from core import jobs
from core.datasets.values import SPLITS
from core.features.views import View, jpeg_of
from core.files.home import dataset_folder, run_folders
from core.files.locks import is_held
from core.recipes.recipe import Recipe
from core.runs.costs import Spent, spent_now
from core.workbench import Workbench
from tests.bench.homes import open_home, part_of, photos_for_benches, run_all
from tests.bench.measuring import BACKBONE

SCRIPT = """
import sys
from pathlib import Path
import numpy as np, tensorflow as tf
from sklearn.linear_model import LogisticRegression
from core.backbones import get
from core.features import networks
from core.files.home import dataset_folder, registry_file
from core.registry import Registry
from core.settings import Settings

settings = Settings(home=Path(sys.argv[1]))
registry = Registry.open(registry_file(settings))
dataset, backbone = registry.datasets()[0], get(sys.argv[2])
model = networks.prefix(backbone, settings)

def photo(path):
    return tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(path), 3), [backbone.input_size] * 2, antialias=True)

def features(split):
    photos = registry.photos(dataset.id, split=split)
    paths = [f"{dataset_folder(settings, dataset.id).photos}/{one.digest}.jpg" for one in photos]
    data = tf.data.Dataset.from_tensor_slices(paths).map(photo, num_parallel_calls=tf.data.AUTOTUNE)
    return model.predict(data.batch(32).prefetch(2), verbose=0), [one.class_name for one in photos]

parts = {split: features(split) for split in ("train", "validation", "test")}
head = LogisticRegression(max_iter=1000).fit(*parts["train"])
print(f"test accuracy of the script: {100 * head.score(*parts['test']):.1f} %")
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    spent: Spent


def main(per_class: int = 0) -> None:
    subprocess.run([sys.executable, "-m", "core.features.keep"], check=False)
    with tempfile.TemporaryDirectory() as folder:
        photos = photos_for_benches()
        if per_class:
            photos = part_of(Path(photos), Path(folder) / "part.zip", per_class)
        homes = [open_home(Path(folder) / name, photos) for name in ("one", "recipes", "seeds")]
        dataset = homes[0].registry.datasets()[0]
        usual = replace(homes[0].defaults(dataset.id), epochs=20, views=1)
        print(f"{dataset.photo_count} photos, {dataset.split_sizes['train']} to train on, {BACKBONE}", flush=True)
        heads = [
            replace(usual, hidden_units=u, learning_rate=r) for u in (0, 128) for r in (3e-3, 1e-3, 5e-4, 2e-3, 1e-2)
        ]
        seeds = [replace(usual, seed=seed) for seed in range(10)]
        rows = [_runs(homes[0], "first run in an empty home", heads[:1])]
        rows.append(_runs(homes[0], "second recipe, the trainer waits", heads[1:2]))
        _end(homes[0])
        rows.append(_runs(homes[0], "second recipe, in a new process", heads[2:3]))
        _end(homes[0])
        rows.append(_measured("bare pass", lambda: _pass(homes[0])))
        rows.append(_measured("script", lambda: _script(homes[0])))
        for home, name, numbers in zip(homes[1:], ("ten recipes", "ten seeds"), (heads, seeds), strict=True):
            rows.append(_runs(home, f"{name} in an empty home", numbers))
            _end(home)
        _print(rows)
        _apart(homes[0], next(row.spent for row in rows if row.name == "bare pass"))


def _runs(bench: Workbench, name: str, numbers: list) -> Row:
    """Integrated extractors from the launch to the last end."""
    runs, seconds = run_all(bench, [Recipe(backbone=BACKBONE, hyperparameters=one) for one in numbers])
    cpu = sum(bench.registry.cost(run.id).cpu_seconds for run in runs)
    print(f"{name}: {seconds:.1f} s, test accuracy {100 * runs[0].test_accuracy:.1f} %", flush=True)
    return Row(name=name, spent=Spent(wall_seconds=seconds, cpu_seconds=cpu))


def _end(bench: Workbench) -> None:
    """Stops the supervisor and waits until its trainer has ended too."""
    jobs.stop_supervisor(bench.settings)
    while any(is_held(folder.alive_lock) for folder in run_folders(bench.settings)):
        time.sleep(0.1)


def _measured(name: str, work: Callable[[], object]) -> Row:
    before = spent_now()
    work()
    spent = spent_now().minus(before)
    print(f"{name}: {spent.wall_seconds:.1f} s", flush=True)
    return Row(name=name, spent=spent)


def _jpegs(bench: Workbench) -> list[bytes]:
    dataset = bench.registry.datasets()[0]
    folder = dataset_folder(bench.settings, dataset.id).photos
    return [jpeg_of(photo, folder) for split in SPLITS for photo in bench.registry.photos(dataset.id, split=split)]


def _engine(bench: Workbench, threads: int | None = None):
    from core.backbones import get
    from core.features.engines import engine_file
    from core.features.litert import LiteRTEngine

    path = engine_file(get(BACKBONE), bench.settings).path
    return LiteRTEngine(path, threads=threads) if threads else LiteRTEngine.for_many(path)


def _pass(bench: Workbench) -> None:
    from core.backbones import get

    engine, size = _engine(bench), get(BACKBONE).input_size
    with ThreadPoolExecutor(engine.workers) as pool:
        list(pool.map(lambda jpeg: engine(View(jpeg).square(size)[None]), _jpegs(bench)))


def _script(bench: Workbench) -> None:
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", SCRIPT, str(bench.settings.home), BACKBONE], env=environment, check=True)


def _print(rows: list[Row]) -> None:
    by_name = {row.name: row.spent for row in rows}
    script, first = by_name["script"], by_name["first run in an empty home"]
    for row in rows:
        wall, cpu = row.spent.wall_seconds, row.spent.cpu_seconds
        print(
            f"{row.name}: {wall:.1f} s, {cpu:.1f} s of CPU; script / this: ratio = {script.wall_seconds / wall:.1f}x "
            f"(CPU {script.cpu_seconds / cpu:.1f}x); this / first run: {wall / first.wall_seconds:.2f}x"
        )
    over = first.wall_seconds / by_name["bare pass"].wall_seconds
    print(f"first run / bare pass: ratio = {over:.2f}x (wanted: at most 1.2)")


def _apart(bench: Workbench, whole: Spent) -> None:
    """The parts of the pass in one thread, and its share of what this CPU computes in a large matrix product."""
    from threadpoolctl import threadpool_limits

    from core.backbones import get

    backbone, jpegs = get(BACKBONE), _jpegs(bench)[:100]
    size, engine = backbone.input_size, _engine(bench, threads=1)

    def decoded(jpeg: bytes) -> Image.Image:
        image = Image.open(BytesIO(jpeg), formats=("JPEG",))
        image.draft("RGB", (size, size))
        return image.convert("RGB")

    images = [decoded(jpeg) for jpeg in jpegs]
    squares = np.stack([View(jpeg).square(size) for jpeg in jpegs])
    engine(squares[:1])
    parts = {
        "decoding": lambda: [decoded(jpeg) for jpeg in jpegs],
        "resizing": lambda: [image.resize((size, size), Image.Resampling.BICUBIC) for image in images],
        "network": lambda: engine(squares),
    }
    for name, work in parts.items():
        print(f"{name}: {1000 * _cpu(work) / len(jpegs):.2f} ms of CPU a photo")
    square = np.random.default_rng(0).random((1024, 1024), np.float32)
    with threadpool_limits(1):
        square @ square
        rate = 10 * 1024**3 / _cpu(lambda: [square @ square for _ in range(10)])
    count = bench.registry.datasets()[0].photo_count
    share = backbone.multiply_adds * count / rate / whole.cpu_seconds
    print(f"arithmetic limit: {rate / 1e9:.0f} billion multiply-adds/s a core; share of it in the pass: {share:.0%}")


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
