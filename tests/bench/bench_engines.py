"""Engines for the CPU: ``python -m tests.bench.bench_engines [BACKBONE] [ROUNDS]``.

LiteRT, OpenVINO, ONNX Runtime, TensorFlow (``tf.function``), Keras (``model.predict``) and PyTorch (eager and
``torch.compile``, of EfficientNet-Lite) run the same prefix on the same photos in turns, each as its users would.
Engines of ``requirements-bench.txt`` that are not installed are skipped, and so is PyTorch without ``.venv-torch``
(``make bench`` creates it). The figures are in docs/decisions/0002-features-engine.md.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.settings import REPOSITORY
from tests.bench.measuring import BACKBONE, Turn, figures, in_turns, random_photos, ratio

PHOTOS, ROUNDS, BATCH = 64, 7, 8
TORCH = REPOSITORY / ".venv-torch" / "bin" / "python"

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


TORCH_WAYS = {
    "eager": "PyTorch eager",
    "eager-last": "PyTorch eager, channels_last",
    "compile": "torch.compile",
    "compile-last": "torch.compile, channels_last",
    "compile-frozen": "torch.compile, channels_last, freezing",
}


class TorchProcess:
    """PyTorch in its own environment and process, with the weights of a network of Keras.

    Args:
        prefix: an EfficientNet-Lite. photos: uint8. folder: for what is passed to the process.
    """

    def __init__(self, prefix, photos: np.ndarray, folder: Path) -> None:
        from core.features.lite import HEAD_FILTERS, SCALES, blocks

        self._folder = folder
        files = [folder / name for name in ("network.json", "weights.npz", "photos.npy")]
        described = [block._asdict() for block in blocks(*SCALES[prefix.name.removesuffix("_top")])]
        stem = prefix.get_layer("stem_conv").filters
        files[0].write_text(json.dumps({"blocks": described, "stem": stem, "head": HEAD_FILTERS}))
        weights = {
            f"{layer.name}.{index}": array for layer in prefix.layers for index, array in enumerate(layer.get_weights())
        }
        np.savez(files[1], **weights)
        np.save(files[2], photos)
        script = Path(__file__).with_name("torch_engines.py")
        self._process = subprocess.Popen(
            [TORCH, script, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
        )

    def make(self, way: str) -> tuple[float, np.ndarray]:
        """(seconds until the first outputs, the outputs for all photos)."""
        target = self._folder / f"{way}.npy"
        made = self._ask(f"make {way} {target}")
        return made.wall, np.load(target)

    def run(self, way: str) -> Turn:
        return self._ask(f"run {way}")

    def close(self) -> None:
        self._process.communicate()

    def _ask(self, line: str) -> Turn:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            sys.exit(f"PyTorch ended with exit code {self._process.wait()}.")
        return Turn(*json.loads(answer))


def main(name: str = BACKBONE, rounds: int = ROUNDS) -> None:
    from core.backbones import get
    from core.features import networks
    from core.settings import Settings

    with tempfile.TemporaryDirectory() as home:
        backbone = get(name)
        prefix = networks.prefix(backbone, Settings(home=Path(home)))
        photos = random_photos(PHOTOS, backbone.input_size)
        expected = np.asarray(prefix(photos.astype(np.float32), training=False))
        ways: dict[str, Callable[[], object]] = {}
        notes: dict[str, str] = {}

        def made(title: str, seconds: float, outputs: np.ndarray) -> None:
            error = np.abs(outputs - expected[: len(outputs)]).max() / np.abs(expected).max()
            notes[title] = f"made in {seconds:.1f} s, relative deviation {error:.0e}"
            print(f"{title}: {notes[title]}", flush=True)

        for title, (module, make) in ENGINES.items():
            if find_spec(module) is None:
                print(f"{title}: not installed (requirements-bench.txt)")
                continue
            begin = time.perf_counter()
            run = make(prefix, Path(home))
            made(title, time.perf_counter() - begin, run(photos[:BATCH]))
            ways[title] = lambda run=run: run(photos)
        torch = torch_process(name, prefix, photos, Path(home))
        for way, title in TORCH_WAYS.items() if torch else ():
            made(title, *torch.make(way))
            ways[title] = partial(torch.run, way)
        seconds = in_turns(ways, rounds)
        if torch:
            torch.close()
    base = seconds["TensorFlow (tf.function)"]
    for title, times in seconds.items():
        print(f"{title}: {figures(times, PHOTOS)}, {notes[title]}, ratio = {ratio(base, times):.1f}x")
    print(f"peak memory of all but PyTorch together: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


def torch_process(name: str, prefix, photos: np.ndarray, folder: Path) -> TorchProcess | None:
    """None where PyTorch or its version of the network is missing."""
    from core.features.lite import SCALES

    if name not in SCALES:
        print(f"PyTorch: has no {name} here, only EfficientNet-Lite")
        return None
    if not TORCH.exists():
        print("PyTorch is not there; `make bench` installs it into .venv-torch.")
        return None
    return TorchProcess(prefix, photos, folder)


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:]))
