"""MLflow's part of ``bench_leaderboard``, run by a Python with MLflow: ``mlflow_search.py REGISTRY STORE``.

Puts the runs of a Graft registry into an MLflow SQLite store (MLflow creates its tables; the rows are inserted by SQL,
because logging four million values through the client takes hours), searches with MLflow's client, and prints
milliseconds as JSON. Nothing of Graft is imported here, because the two environments need not share packages.
"""

import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable

from mlflow import MlflowClient

SEARCHES: dict[str, dict] = {
    "first page": {"order_by": ["metrics.test_accuracy DESC"]},
    "filter": {"filter_string": "params.pattern = 'fine_tuning'", "order_by": ["metrics.test_accuracy DESC"]},
    "search": {"filter_string": "tags.`mlflow.runName` ILIKE '%lite1%'", "order_by": ["metrics.test_accuracy DESC"]},
    "sort": {"order_by": ["metrics.ece ASC"]},
}
ROUNDS = 5
PER_PAGE = 50
_CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
_SINGLE = {
    "test_accuracy": "e.accuracy", "log_loss": "e.loss", "balanced_accuracy": "e.balanced_accuracy",
    "macro_f1": "e.macro_f1", "ece": "e.ece", "wall_seconds": "c.wall_seconds", "ms_per_photo": "c.ms_per_photo",
    "model_bytes": "c.model_bytes", "multiply_adds": "c.multiply_adds",
}  # fmt: skip


def main(registry: str, store: str) -> None:
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    experiment = client.create_experiment("clothing")
    begin = time.perf_counter()
    fill(registry, store, experiment)
    found: dict[str, float] = {"seconds to fill": time.perf_counter() - begin}
    for name, search in SEARCHES.items():
        found[name] = milliseconds(
            lambda search=search: client.search_runs([experiment], max_results=PER_PAGE, **search)
        )
    first = client.search_runs([experiment], max_results=PER_PAGE, **SEARCHES["first page"])
    assert len(first) == PER_PAGE and "val_accuracy" in first[0].data.metrics, "the store was not filled"
    found["next page"] = milliseconds(
        lambda: client.search_runs([experiment], max_results=PER_PAGE, page_token=first.token, **SEARCHES["first page"])
    )
    print(json.dumps(found | {"best": first[0].data.metrics["test_accuracy"]}))


def milliseconds(way: Callable[[], object]) -> float:
    """Median of some rounds, after one to warm up."""
    way()
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        way()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


def fill(registry: str, store: str, experiment: str) -> None:
    """Runs, their parameters, four metrics per epoch and the metrics of the test photos."""
    with sqlite3.connect(store) as file:
        file.execute("ATTACH ? AS graft", (registry,))
        file.execute(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
            " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
            " SELECT id, name, 'UNKNOWN', '', '', 'bench', status, started_at * 1000, ended_at * 1000, '', 'active',"
            " '', ? FROM graft.runs",
            (int(experiment),),
        )
        file.execute("INSERT INTO tags (key, value, run_uuid) SELECT 'mlflow.runName', name, id FROM graft.runs")
        file.execute("INSERT INTO params (key, value, run_uuid) SELECT 'pattern', pattern, id FROM graft.runs")
        file.execute("INSERT INTO params (key, value, run_uuid) SELECT 'backbone', backbone, id FROM graft.runs")
        file.execute(
            "INSERT INTO params (key, value, run_uuid) SELECT n.key, n.value, r.id"
            " FROM graft.runs r, json_each(r.recipe, '$.hyperparameters') n"
        )
        for name in _CURVES:
            columns = f"'{name}', e.{name}, e.run_id, e.number, 0, (r.created_at + e.number) * 1000"
            rows = f"SELECT {columns} FROM graft.epochs e JOIN graft.runs r ON r.id = e.run_id"
            file.execute(f"INSERT INTO metrics (key, value, run_uuid, step, is_nan, timestamp) {rows}")
            last = f"{rows} AND e.number = r.epochs_done"
            file.execute(f"INSERT INTO latest_metrics (key, value, run_uuid, step, is_nan, timestamp) {last}")
        for name, column in _SINGLE.items():
            columns = f"'{name}', {column}, e.run_id, 0, 0, 0"
            rows = f"SELECT {columns} FROM graft.evaluations e JOIN graft.costs c ON c.run_id = e.run_id"
            for table in ("metrics", "latest_metrics"):
                file.execute(f"INSERT INTO {table} (key, value, run_uuid, step, is_nan, timestamp) {rows}")
        file.execute("ANALYZE")


if __name__ == "__main__":
    main(*sys.argv[1:])
