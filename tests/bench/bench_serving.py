"""Predictions through the dashboard's server: ``python -m tests.bench.bench_serving``.

A warm EfficientNet-Lite0 head over HTTP against its bare engine, both with decoding of the same photos, and against
``keras.Model.predict``; many requests at once against the engine with one photo per core; the first answer of a server
that has not loaded the model. The client is a process of its own. CPU seconds of all processes are printed beside the
wall seconds: they depend less on what else the machine does. The figures are in docs/decisions/0023-serving.md.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from zipfile import ZipFile

from core.datasets import DEMO_ARCHIVE
from core.datasets.decoding.photos import decode
from core.features.litert import cores
from core.features.views import View
from core.files.home import run_folder
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import read_model
from core.registry.tokens import Scope
from core.workbench import Workbench
from tests.bench.homes import open_home, run_all
from tests.bench.http_client import ClientProcess
from tests.bench.measuring import BACKBONE, Turn, ratio
from tests.browser.conftest import Server, end_server, start_server
from tests.choices import recipes

ROUNDS = 61
REQUESTS, AT_ONCE, TURNS = 200, 8, 9
COLD_STARTS = 3

Photos = Sequence[bytes]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = open_home(Path(folder) / "home", "demo")
        dataset = bench.registry.datasets()[0].id
        (run,), _ = run_all(bench, recipes(bench, dataset, [BACKBONE], ["integrated_extractor"]))
        _, token = bench.registry.create_token("bench", Scope.PREDICT, 1)
        photos = photos_of(DEMO_ARCHIVE)
        print(f"{run.name}, {len(photos)} photos, {cores()} cores, load {os.getloadavg()[0]:.1f}")
        measure(bench, run.id, token, photos)


def measure(bench: Workbench, run_id: str, token: str, photos: Photos) -> None:
    cold(bench, run_id, token, photos)
    with served(bench) as server:
        with client(server, run_id, token, photos) as ask:
            one_photo(bench, run_id, server, ask, photos)
        with client(server, run_id, token, photos, AT_ONCE) as ask:
            many_requests(bench, run_id, server, ask, photos)
    print(f"load {os.getloadavg()[0]:.1f}")


def photos_of(archive: Path) -> Photos:
    with ZipFile(archive) as packed:
        return [packed.read(name) for name in packed.namelist() if name.endswith(".jpg")]


@contextmanager
def served(bench: Workbench) -> Iterator[Server]:
    server = start_server(bench.settings.home, bench.settings.home.parent / "server.log")
    try:
        yield server
    finally:
        end_server(server)


@contextmanager
def client(server: Server, run_id: str, token: str, photos: Photos, at_once: int = 1) -> Iterator[ClientProcess]:
    process = ClientProcess(server.url, f"/api/v1/models/{run_id}/predict", token, photos, at_once)
    try:
        yield process
    finally:
        process.end()


def cpu_of(server: Server) -> float:
    """CPU seconds of the server and its decoders until now, in steps of a clock tick (10 ms)."""
    return sum(map(_cpu, _tree(server.process.pid)))


def _tree(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return [pid, *(one for child in children for one in _tree(child))]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_turns(ways: Mapping[str, Callable[[int], Turn]], rounds: int) -> dict[str, list[Turn]]:
    """Times of every alternative for the photo of each round, after two to warm up."""
    turns: dict[str, list[Turn]] = {name: [] for name in ways}
    for number in range(rounds + 2):
        for name, way in ways.items():
            turns[name].append(way(number))
    return {name: found[2:] for name, found in turns.items()}


def timed(call: Callable[[], object]) -> Turn:
    """Of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Turn(time.perf_counter() - wall, time.process_time() - cpu)


def one_photo(bench: Workbench, run_id: str, server: Server, ask: ClientProcess, photos: Photos) -> None:
    """Latency of a photo that comes alone."""
    bare = engine(bench, run_id)
    spent: list[float] = []

    def http(number: int) -> Turn:
        before = cpu_of(server)
        sent = ask([number % len(photos)])
        spent.append(cpu_of(server) - before)
        return Turn(*sent)

    turns = in_turns({"engine": lambda at: timed(lambda: bare(decode(photos[at]).jpeg)), "HTTP": http}, ROUNDS)
    tell(turns)
    print(f"HTTP takes {ratio(turns['HTTP'], turns['engine']):.2f} times the bare engine with decoding (at most 1.5)")
    own, theirs, bare_cpu = mean_cpu(turns["HTTP"]), sum(spent[2:]) / ROUNDS, mean_cpu(turns["engine"])
    print(
        f"  CPU of a request: server and decoder {1000 * theirs:.1f} ms, client {1000 * own:.1f} ms; "
        f"of the bare engine {1000 * bare_cpu:.1f} ms: {(own + theirs) / bare_cpu:.2f} times"
    )
    keras_way = keras_model(bench, run_id)
    turns = in_turns({"keras": lambda at: timed(lambda: keras_way(decode(photos[at]).jpeg)), "HTTP": http}, ROUNDS)
    tell(turns)
    print(f"HTTP is {ratio(turns['keras'], turns['HTTP']):.1f} times as fast as keras.Model.predict (at least 5)")


def mean_cpu(turns: Sequence[Turn]) -> float:
    return sum(turn.cpu for turn in turns) / len(turns)


def tell(turns: Mapping[str, Sequence[Turn]]) -> None:
    for name, taken in turns.items():
        walls = [turn.wall for turn in taken]
        print(f"  one photo, {name}: {1000 * median(walls):.1f} ms, fastest {1000 * min(walls):.1f} ms")


def engine(bench: Workbench, run_id: str, workers: int | None = None) -> Callable[[bytes], object]:
    """The model's inference graph on a stored photo, in this process."""
    model = read_model(run_folder(bench.settings, run_id).model)
    graph = InferenceGraph(
        model.folder, model.node, classes=len(model.class_names), digests=model.digests, workers=workers
    )
    return lambda jpeg: graph(View(jpeg))


def keras_model(bench: Workbench, run_id: str) -> Callable[[bytes], object]:
    import keras

    model = keras.models.load_model(run_folder(bench.settings, run_id).model / "model.keras")
    size = model.input_shape[1]
    return lambda jpeg: model.predict(View(jpeg).square(size)[None], verbose=0)


def many_requests(bench: Workbench, run_id: str, server: Server, ask: ClientProcess, photos: Photos) -> None:
    """Throughput of requests that come at once, against one engine per core that decodes its own photos."""
    numbers = [number % len(photos) for number in range(REQUESTS)]
    bare = engine(bench, run_id, workers=cores())
    spent: list[float] = []

    def requests(_: int) -> Turn:
        before = cpu_of(server)
        sent = ask(numbers)
        spent.append(cpu_of(server) - before)
        return Turn(*sent)

    def batched() -> None:
        with ThreadPoolExecutor(cores()) as pool:
            list(pool.map(lambda number: bare(decode(photos[number]).jpeg), numbers))

    turns = in_turns({"requests": requests, "engine": lambda _: timed(batched)}, TURNS)
    for name, taken in turns.items():
        print(f"  {REQUESTS} photos, {name}: {REQUESTS / median(turn.wall for turn in taken):.0f} photos/s")
    own, theirs = mean_cpu(turns["requests"]), sum(spent[2:]) / TURNS
    bare_cpu = mean_cpu(turns["engine"])
    print(
        f"  CPU of a photo: server and decoders {1000 * theirs / REQUESTS:.1f} ms, client {1000 * own / REQUESTS:.1f} "
        f"ms; of the bare engine {1000 * bare_cpu / REQUESTS:.1f} ms: {(own + theirs) / bare_cpu:.2f} times"
    )
    share = 100 * ratio(turns["engine"], turns["requests"])
    print(
        f"{REQUESTS} requests, {AT_ONCE} at once: none failed, {share:.0f} % of the engine's throughput (at least 80)"
    )


def cold(bench: Workbench, run_id: str, token: str, photos: Photos) -> None:
    """The first answer of a server that has started and loaded nothing."""
    seconds = []
    for _ in range(COLD_STARTS):
        with served(bench) as server, client(server, run_id, token, photos) as ask:
            seconds.append(ask([0]).wall)
    print(f"first answer of a model not in memory: {max(seconds):.1f} s at most of {COLD_STARTS} (under 3)")


if __name__ == "__main__":
    main()
