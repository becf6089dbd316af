"""Predictions through the dashboard's server: ``python -m tests.bench.bench_serving``.

A warm EfficientNet-Lite0 head over HTTP against its bare engine, both with decoding, and against
``keras.Model.predict``; many requests at once against the engine with one photo per core; the first answer of a server
that has not loaded the model. The figures are in docs/decisions/0023-serving.md.
"""

import http.client
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
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
from tests.bench.measuring import BACKBONE, Turn, in_turns, ratio
from tests.browser.conftest import Server, end_server, start_server
from tests.choices import recipes

ROUNDS = 61
REQUESTS, AT_ONCE = 200, 8
COLD_STARTS = 3

Photos = Sequence[tuple[str, bytes]]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = open_home(Path(folder) / "home", "demo")
        dataset = bench.registry.datasets()[0].id
        (run,), _ = run_all(bench, recipes(bench, dataset, [BACKBONE], ["integrated_extractor"]))
        _, token = bench.registry.create_token("bench", Scope.PREDICT, 1)
        photos = photos_of(DEMO_ARCHIVE)
        print(f"{run.name}, {len(photos)} photos, {cores()} cores")
        cold(bench, run.id, token, photos)
        with served(bench) as server:
            one_photo(bench, run.id, Client(server, run.id, token), photos)
            many_requests(bench, run.id, server, token, photos)


def photos_of(archive: Path) -> Photos:
    with ZipFile(archive) as packed:
        names = [name for name in packed.namelist() if name.endswith(".jpg")]
        return [(name, packed.read(name)) for name in names]


@contextmanager
def served(bench: Workbench) -> Iterator[Server]:
    server = start_server(bench.settings.home, bench.settings.home.parent / "server.log")
    try:
        yield server
    finally:
        end_server(server)


class Client:
    """One connection that stays open, with as little work of its own as possible."""

    def __init__(self, server: Server, run_id: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        self._path = f"/api/v1/models/{run_id}/predict"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=x"}

    def __call__(self, photo: bytes) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
        body = head + photo + b"\r\n--x--\r\n"
        try:
            response = self._response(body)
        except ConnectionError:  # the server closes a connection that was not used for seconds
            self._connection.close()
            response = self._response(body)
        content = response.read()
        if response.status != 200:
            raise SystemExit(f"{response.status} {content[:300]!r}")

    def _response(self, body: bytes) -> http.client.HTTPResponse:
        self._connection.request("POST", self._path, body, self._headers)
        return self._connection.getresponse()


def one_photo(bench: Workbench, run_id: str, client: Client, photos: Photos) -> None:
    """Latency of a photo that comes alone."""
    given = cycle(data for _, data in photos)
    bare = engine(bench, run_id)

    def http() -> None:
        client(next(given))

    turns = in_turns({"engine": lambda: bare(decode(next(given)).jpeg), "HTTP": http}, ROUNDS)
    tell(turns)
    print(f"HTTP takes {ratio(turns['HTTP'], turns['engine']):.2f} times the bare engine with decoding (at most 1.5)")
    keras_way = keras_model(bench, run_id)
    turns = in_turns({"keras": lambda: keras_way(decode(next(given)).jpeg), "HTTP": http}, ROUNDS)
    tell(turns)
    print(f"HTTP is {ratio(turns['keras'], turns['HTTP']):.1f} times as fast as keras.Model.predict (at least 5)")


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


def many_requests(bench: Workbench, run_id: str, server: Server, token: str, photos: Photos) -> None:
    """Throughput of requests that come at once, against one engine per core that decodes its own photos."""
    given = list(islice(cycle(data for _, data in photos), REQUESTS))
    bare = engine(bench, run_id, workers=cores())
    clients = [Client(server, run_id, token) for _ in range(AT_ONCE)]

    def requests() -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda at: [clients[at](data) for data in given[at::AT_ONCE]], range(AT_ONCE)))

    def batched() -> None:
        with ThreadPoolExecutor(cores()) as pool:
            list(pool.map(lambda data: bare(decode(data).jpeg), given))

    turns = in_turns({"requests": requests, "engine": batched}, 3)
    for name, taken in turns.items():
        print(f"  {REQUESTS} photos, {name}: {REQUESTS / median(turn.wall for turn in taken):.0f} photos/s")
    share = 100 * ratio(turns["engine"], turns["requests"])
    print(
        f"{REQUESTS} requests, {AT_ONCE} at once: none failed, {share:.0f} % of the engine's throughput (at least 80)"
    )


def cold(bench: Workbench, run_id: str, token: str, photos: Photos) -> None:
    """The first answer of a server that has started and loaded nothing."""
    seconds = []
    for _ in range(COLD_STARTS):
        with served(bench) as server:
            client = Client(server, run_id, token)
            begin = time.perf_counter()
            client(photos[0][1])
            seconds.append(time.perf_counter() - begin)
    print(f"first answer of a model not in memory: {max(seconds):.1f} s at most of {COLD_STARTS} (under 3)")


if __name__ == "__main__":
    main()
