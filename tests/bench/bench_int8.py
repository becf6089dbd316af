"""Features in int8 against exact ones: ``python -m tests.bench.bench_int8 [BACKBONE ...]``.

The prefix is exported as usual, with int8 weights (dynamic range), and in int8 throughout (calibrated on photos that
are not measured). Printed are the CPU time of a photo in one thread, the alternatives in turns, and the cosine between
the features of both. The figures are in docs/decisions/0018-no-fast-mode.md.

Then the models that ``core shrink`` makes of a trained one, against it: photos a second and bytes
(docs/decisions/0024-smaller-models.md).
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from zipfile import ZipFile

import numpy as np

from core.comparison import smaller
from core.datasets import DEMO_ARCHIVE
from core.datasets.decoding.photos import decode
from tests.bench.bench_serving import engine
from tests.bench.homes import CLOTHING, ended, open_home, run_all
from tests.bench.measuring import BACKBONE, in_turns, ratio
from tests.choices import recipes

EXACT, WEIGHTS, ALL = "exact", "int8 weights", "int8 throughout"
CALIBRATED, COMPARED, TIMED, ROUNDS = 80, 80, 30, 6


def main(names: list[str]) -> None:
    for name in names or [BACKBONE, "mobilenet_v1"]:
        with tempfile.TemporaryDirectory() as folder:
            _measure(name, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _shrink(Path(folder))


def _shrink(folder: Path) -> None:
    bench = open_home(folder / "home", "demo")
    (run,), _ = run_all(bench, recipes(bench, bench.registry.datasets()[0].id, [BACKBONE], ["integrated_extractor"]))
    ended(bench, [one.id for _, one in bench.shrink(run.id)])
    found = {smaller.kind(one): one for one in bench.smaller_models(run.id)}
    graphs = {name: engine(bench, one.run.id, workers=1) for name, one in found.items()}
    graphs[EXACT] = engine(bench, run.id, workers=1)
    photos = [decode(photo).jpeg for photo in _photos(TIMED)]
    turns = in_turns({name: partial(_predict, graph, photos) for name, graph in graphs.items()}, ROUNDS)
    for name, one in found.items():
        print(
            f"{run.name} as {name}: {ratio(turns[EXACT], turns[name]):.2f} times as many photos/s (at least 1.5), "
            f"1/{(one.bytes_before or 0) / one.bytes:.1f} of the bytes (or at most 1/3.5)",
            flush=True,
        )


def _predict(graph: Callable[[bytes], object], photos: Sequence[bytes]) -> None:
    for photo in photos:
        graph(photo)


def _measure(name: str, folder: Path) -> None:
    from core.backbones import get
    from core.datasets.decoding.fit import pixels
    from core.features import networks
    from core.features.litert import LiteRTEngine
    from core.settings import Settings

    size = get(name).input_size
    photos = np.stack([pixels(jpeg, size) for jpeg in _photos(CALIBRATED + COMPARED)])
    calibrating, compared = np.split(photos, [CALIBRATED])
    prefix = networks.prefix(get(name), Settings(home=folder))
    engines = {}
    for kind in (EXACT, WEIGHTS, ALL):
        path = folder / f"{kind}.tflite"
        path.write_bytes(_converted(prefix, kind, calibrating))
        engines[kind] = LiteRTEngine(path, threads=1)
    features = {kind: np.concatenate([engine(photo[None]) for photo in compared]) for kind, engine in engines.items()}
    ways = {kind: partial(_run, engine, compared[:TIMED]) for kind, engine in engines.items()}
    turns = in_turns(ways, ROUNDS)
    for kind, found in features.items():
        print(
            f"{name}, {kind}: {1000 * median(turn.cpu for turn in turns[kind]) / TIMED:.1f} ms of CPU a photo, cosine "
            f"to the exact features {_cosine(found, features[EXACT]):.3f}",
            flush=True,
        )


def _run(engine, photos: np.ndarray) -> None:
    for photo in photos:
        engine(photo[None])


def _photos(count: int) -> list[bytes]:
    archive = CLOTHING if CLOTHING.exists() else DEMO_ARCHIVE
    with ZipFile(archive) as file:
        names = [one for one in sorted(file.namelist()) if one.lower().endswith((".jpg", ".jpeg"))]
        names = [one for one in names if "test" not in one.split("/")]
        chosen = np.random.default_rng(0).permutation(len(names))[:count]
        return [file.read(names[number]) for number in chosen]


def _converted(prefix, kind: str, photos: np.ndarray) -> bytes:
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    signature = [tf.TensorSpec((1, *prefix.input.shape[1:]), tf.float32)]
    function = tf.function(lambda x: prefix(x, training=False), input_signature=signature, autograph=False)
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], trackable_obj=prefix)
    converter.experimental_lower_to_saved_model = False
    if kind != EXACT:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == ALL:
        converter.representative_dataset = lambda: ([photo[None].astype(np.float32)] for photo in photos)
    return converter.convert()


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(np.mean((one * other).sum(axis=1) / lengths))


if __name__ == "__main__":
    main(sys.argv[1:])
