"""The leaderboard of 10,000 runs with 1,000,000 epochs, compared with the same search through MLflow's client.

``python -m tests.bench.bench_leaderboard [RUNS [EPOCHS]]`` prints three columns of milliseconds:

- *search*: from the query to the values of 50 lines with their learning curves (``board_page`` and ``sparklines``).
  Unlike MLflow's result it has mean and spread of repetitions, and whether each line is a tie with the best
  (McNemar's exact test with Holm's correction over all lines). *after* a write to the registry it is measured with
  each kind of write: only the runs that it concerns are read again, and ranks only computed again when one of them
  finished, was archived or deleted. It must take under 80 ms, under 150 ms with 100,000 runs.
- *page*: the whole script of the page Compare over a real server's websocket. It must take under 300 ms.
- *MLflow*: ``MlflowClient.search_runs`` on an SQLite store with the same runs, parameters and metrics of every epoch:
  the 50 best with their metrics and parameters, in MLflow's own process, without a page. Without ``.venv-mlflow``
  (``make bench`` creates it) this column is missing.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.datasets.values import Dataset
from core.files.home import registry_file
from core.registry.search import RunQuery
from core.runs.values import Status
from core.settings import REPOSITORY, Settings
from core.workbench import Workbench
from tests.bench.many_runs import fill_many
from tests.bench.visiting import served, visiting
from tests.factories import make_model, make_run

MLFLOW = REPOSITORY / ".venv-mlflow" / "bin" / "python"
TARGET_MS = 300
SEARCH_MS, MANY, SEARCH_OF_MANY_MS = 80, 20_000, 150
PER_PAGE = 50
DONE = (Status.FINISHED,)
ASKED: dict[str, tuple[dict, str]] = {
    "first page": ({}, ""),
    "next page": ({"start": PER_PAGE}, "page=2"),
    "filter": ({"query": RunQuery(statuses=DONE, patterns=("fine_tuning",))}, "pattern=fine_tuning"),
    "search": ({"query": RunQuery(statuses=DONE, text="lite1")}, "q=lite1"),
    "sort": ({"sort": "ece"}, "sort=ece"),
}
"""By name: arguments of ``board_page``, and the same in the URL of the page."""


def main(runs: int = 10_000, epochs: int = 100) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(home=folder / "home")
        bench = Workbench.open(settings)
        begin = time.perf_counter()
        dataset = fill_many(bench.registry, settings, runs, epochs)
        print(f"{runs:,} runs with {epochs} epochs, made in {time.perf_counter() - begin:.0f} s")
        searched = {name: search(bench, dataset.id, options) for name, (options, _) in ASKED.items()}
        after = {name: after_a_write(bench, dataset.id, write) for name, write in writes(bench, dataset).items()}
        bench.registry.close()
        pages = script_times(settings, folder)
        others = through_mlflow(settings, folder)
    for name, milliseconds in searched.items():
        beside = f", MLflow {others[name]:.0f} ms ({others[name] / milliseconds:.1f} times)" if others else ""
        print(f"{name}: search {milliseconds:.1f} ms{beside}, page {pages[name]:.0f} ms")
    for name, (milliseconds, cpu) in after.items():
        print(f"search after {name}: {milliseconds:.1f} ms (CPU {cpu:.1f})")
    target = SEARCH_MS if runs <= MANY else SEARCH_OF_MANY_MS
    slowest = max(*searched.values(), *(milliseconds for milliseconds, _ in after.values()))
    print(f"search within {target} ms in every case: {'yes' if slowest < target else 'NO'}")
    print(f"page within {TARGET_MS} ms: {'yes' if max(pages.values()) < TARGET_MS else 'NO'}")


def search(bench: Workbench, dataset_id: str, options: dict) -> float:
    def ask() -> None:
        found = bench.board_page(dataset_id, size=PER_PAGE, **options)
        bench.registry.sparklines([entry.run_id for entry in found.entries])

    return median_of(ask)


def writes(bench: Workbench, dataset: Dataset) -> dict[str, Callable[[int], object]]:
    """By name what a write does; it is called with 0, 1, 2 and so on."""
    best, second = (entry.run_id for entry in bench.board_page(dataset.id, size=2).entries)
    evaluation, cost = bench.registry.evaluation(second), bench.registry.cost(second)

    def finish(number: int) -> None:
        run = make_run(number, id=f"r-new{number:05x}", dataset=dataset, name=f"new {number}")
        model = make_model(run, id=f"m-new{number:05x}")
        bench.registry.add_finished(run, evaluation=evaluation, cost=cost, model=model)

    return {
        "a write about something else": lambda number: bench.registry.log("bench", {"number": number}),
        "a star": lambda number: bench.star([second], number % 2 == 0),
        "a new name": lambda number: bench.annotate(second, name=f"renamed {number}"),
        "the best was archived or restored": lambda number: bench.archive([best], number % 2 == 0),
        "a run finished": finish,
        "a run was deleted": lambda number: bench.registry.delete_runs([f"r-new{number:05x}"]),
    }


def after_a_write(bench: Workbench, dataset_id: str, write: Callable[[int], object]) -> tuple[float, float]:
    """As ``search``, with a write before each one; with milliseconds of CPU, which depend less on other load."""
    took, spent = [], []
    for number in range(9):
        write(number)
        begin, before = time.perf_counter(), time.process_time()
        search_once = bench.board_page(dataset_id, size=PER_PAGE)
        bench.registry.sparklines([entry.run_id for entry in search_once.entries])
        took.append(1000 * (time.perf_counter() - begin))
        spent.append(1000 * (time.process_time() - before))
    return statistics.median(took), statistics.median(spent)


def script_times(settings: Settings, folder: Path) -> dict[str, float]:
    """Median milliseconds of the page's script, each in a new visit."""
    found = {}
    with served(settings.home, folder / "server.log") as server:
        for name, (_, query) in ASKED.items():
            with visiting(server) as visitor:
                measured = visitor.measure("compare", f"size={PER_PAGE}&{query}".rstrip("&"))
            found[name] = measured.median
            print(f"/compare?{query}: {measured}")
    return found


def through_mlflow(settings: Settings, folder: Path) -> dict[str, float]:
    """Milliseconds by the names of ``ASKED``; {} without MLflow."""
    if not MLFLOW.exists():
        print("MLflow is not there; `make bench` installs it into .venv-mlflow.")
        return {}
    command = [str(MLFLOW), str(Path(__file__).with_name("mlflow_search.py")), str(registry_file(settings))]
    ended = subprocess.run([*command, str(folder / "mlflow.db")], capture_output=True, text=True, cwd=folder)
    if ended.returncode:
        sys.exit(f"MLflow's half failed: {ended.stderr[-2000:]}")
    return json.loads(ended.stdout.splitlines()[-1])


def median_of(way: Callable[[], object], rounds: int = 9) -> float:
    """Milliseconds, after one round to warm up."""
    way()
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        way()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
