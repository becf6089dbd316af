"""The tables of a comparison, for CSV and Parquet files."""

from collections.abc import Callable, Mapping
from typing import Any

from core.comparison.cost_axes import COSTS
from core.comparison.table import plain_rows
from core.errors import InvalidInput
from core.reporting.material import Material

Rows = list[dict[str, Any]]


def leaderboard_rows(material: Material) -> Rows:
    """One row per run, best first, with every metric and every cost (``plain_rows``); without some of the test photos
    also how many are left, and the rank with all of them."""
    subset, with_all = material.comparison.subset, material.comparison.ranks_with_all
    rows = plain_rows(material.rows)
    if subset is None:
        return rows
    return [row | {"photos": subset.photos, "rank_with_all": with_all.get(row["run"])} for row in rows]


def costs_rows(material: Material) -> Rows:
    """One row per run and cost, in the units of ``runs.Cost`` (seconds, joules, bytes)."""
    return [
        {"run": row.run.id, "name": row.name, "cost": key, "value": row.value(key)}
        | {"pareto_front": row.run.id in material.comparison.pareto.get(key, ())}
        for row in material.rows
        for key in COSTS
    ]


def epochs_rows(material: Material) -> Rows:
    """One row per run and epoch."""
    names = ("number", "loss", "accuracy", "val_loss", "val_accuracy", "seconds")
    return [
        {"run": row.run.id, "name": row.name} | {name: getattr(epoch, name) for name in names}
        for row in material.rows
        for epoch in material.epochs.get(row.run.id, ())
    ]


def predictions_rows(material: Material) -> Rows:
    """One row per run and test photo: its file, its class, the prediction, and the probability of every class."""
    files = {photo.digest: photo.file for photo in material.photos}
    classes = material.comparison.class_names
    rows: Rows = []
    for run_id, predictions in material.comparison.predictions.items():
        for index, digest in enumerate(predictions.digests):
            chances = {f"p_{name}": float(p) for name, p in zip(classes, predictions.probabilities[index], strict=True)}
            rows.append(
                {"run": run_id, "photo": digest, "file": files.get(digest, "")}
                | {
                    "true": classes[int(predictions.labels[index])],
                    "answer": classes[int(predictions.predicted[index])],
                }
                | {"right": bool(predictions.correct[index])}
                | chances
            )
    return rows


TABLES: Mapping[str, Callable[[Material], Rows]] = {
    "leaderboard": leaderboard_rows,
    "costs": costs_rows,
    "epochs": epochs_rows,
    "answers": predictions_rows,
}
"""What can be written, by name."""


def table_rows(material: Material, name: str) -> Rows:
    """The rows of one of ``TABLES``.

    Raises:
        InvalidInput: there is no such table, or nothing stands in it.
    """
    if name not in TABLES:
        raise InvalidInput(f"There is no table {name[:80]!r}. Choose from: {', '.join(TABLES)}")
    rows = TABLES[name](material)
    if not rows:
        raise InvalidInput(f"The table {name} would be empty: {_EMPTY[name]}. Choose other runs, or another table.")
    return rows


_EMPTY = {
    "epochs": "no epochs were trained in these runs",
    "answers": "none of these runs has predictions for the test photos",
}
"""Why a table has no row; every run has one in the others."""
