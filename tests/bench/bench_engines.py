"""Engines for the CPU: ``python -m tests.bench.bench_engines [BACKBONE]``.

LiteRT, OpenVINO, ONNX Runtime, TensorFlow (``tf.function``) and Keras (``model.predict``) run the same prefix on the
same photos; engines of ``requirements-bench.txt`` that are not installed are skipped. The figures are in
docs/decisions/0002-features-engine.md.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tests.bench.measuring import BACKBONE, figures, in_turns, random_photos, ratio

PHOTOS, ROUNDS, BATCH = 64, 7, 8

Run = Callable[[np.ndarray], np.ndarray]


def litert_workers(prefix, folder: Path) -> Run:
    from core.features.litert import LiteRTEngine

    prefix.export(str(folder / "prefix.tflite"), format="litert", verbose=False)
    engine = LiteRTEngine.for_many(folder / "prefix.tflite")

    def run(rows: np.ndarray) -> np.ndarray:
        with ThreadPoolExecutor(engine.workers) as pool:
            return np.concatenate(list(pool.map(engine, np.array_split(rows, engine.workers))))

    return run


def litert_batch(prefix, folder: Path) -> Run:
    """One interpreter, all cores, batches of eight: the usual configuration."""
    from ai_edge_litert.interpreter import Interpreter

    from core.features.litert import cores

    network = Interpreter(str(folder / "prefix.tflite"), num_threads=cores())
    entry, exit_ = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]
    network.resize_tensor_input(entry, (BATCH, *prefix.input.shape[1:]))
    network.allocate_tensors()

    def run(photos: np.ndarray) -> np.ndarray:
        network.set_tensor(entry, photos.astype(np.float32))
        network.invoke()
        return network.get_tensor(exit_)

    return in_batches(run)


def tensorflow(prefix, _folder: Path) -> Run:
    import tensorflow as tf

    function = tf.function(lambda x: prefix(x, training=False), autograph=False)
    return in_batches(lambda photos: function(photos.astype(np.float32)).numpy())


def model_predict(prefix, _folder: Path) -> Run:
    return lambda photos: prefix.predict(photos.astype(np.float32), batch_size=32, verbose=0)


def onnx_runtime(prefix, folder: Path) -> Run:
    import onnxruntime

    prefix(np.zeros((1, *prefix.input.shape[1:]), np.float32))
    prefix.export(str(folder / "prefix.onnx"), format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(str(folder / "prefix.onnx"), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return in_batches(lambda photos: session.run(None, {name: photos.astype(np.float32)})[0])


def openvino(prefix, folder: Path, precision: str = "f32") -> Run:
    """Throughput mode: OpenVINO's own number of streams, photos one by one. Reads LiteRT's file; Keras' export to
    OpenVINO needs SciPy. Without ``f32`` it computes in bfloat16 where the CPU can, with larger deviations."""
    import openvino as ov

    core = ov.Core()
    network = core.read_model(folder / "prefix.tflite")
    network.reshape([1, *prefix.input.shape[1:]])
    compiled = core.compile_model(
        network, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
    )
    streams = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")

    def run(photos: np.ndarray) -> np.ndarray:
        def some(part: np.ndarray) -> np.ndarray:
            request = compiled.create_infer_request()
            return np.concatenate([request.infer([photo[None].astype(np.float32)])[0].copy() for photo in part])

        with ThreadPoolExecutor(streams) as pool:
            return np.concatenate(list(pool.map(some, np.array_split(photos, streams))))

    return run


def in_batches(run: Run) -> Run:
    return lambda photos: np.concatenate([run(photos[i : i + BATCH]) for i in range(0, len(photos), BATCH)])


ENGINES: dict[str, tuple[str, Callable[..., Run]]] = {
    "LiteRT, a worker per core (Graft)": ("ai_edge_litert", litert_workers),
    "LiteRT, batch 8, all cores": ("ai_edge_litert", litert_batch),
    "OpenVINO, float32": ("openvino", openvino),
    "OpenVINO, bfloat16": ("openvino", partial(openvino, precision="bf16")),
    "ONNX Runtime": ("onnxruntime", onnx_runtime),
    "TensorFlow (tf.function)": ("tensorflow", tensorflow),
    "Keras (model.predict)": ("tensorflow", model_predict),
}


def main(name: str = BACKBONE) -> None:
    from core.backbones import get
    from core.features import networks
    from core.settings import Settings

    with tempfile.TemporaryDirectory() as home:
        backbone = get(name)
        prefix = networks.prefix(backbone, Settings(home=Path(home)))
        photos = random_photos(PHOTOS, backbone.input_size)
        expected = np.asarray(prefix(photos[:BATCH].astype(np.float32), training=False))
        ways: dict[str, Callable[[], np.ndarray]] = {}
        notes: dict[str, str] = {}
        for title, (module, make) in ENGINES.items():
            if find_spec(module) is None:
                print(f"{title}: not installed (requirements-bench.txt)")
                continue
            begin = time.perf_counter()
            run = make(prefix, Path(home))
            made = time.perf_counter() - begin
            error = np.abs(run(photos[:BATCH]) - expected).max() / np.abs(expected).max()
            notes[title] = f"made in {made:.1f} s, relative deviation {error:.0e}"
            ways[title] = lambda run=run: run(photos)
        seconds = in_turns(ways, ROUNDS)
    base = seconds["TensorFlow (tf.function)"]
    for title, times in seconds.items():
        print(f"{title}: {figures(times, PHOTOS)}, {notes[title]}, ratio = {ratio(base, times):.1f}x")
    print(f"peak memory of all together: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main(*sys.argv[1:])
