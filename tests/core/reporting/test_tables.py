"""The tables of a comparison row by row."""

import numpy as np
import pytest

from core.errors import InvalidInput
from core.reporting import TABLES
from core.runs.predictions import read_predictions


def test_every_table_has_rows_for_every_run(bench, finished):
    ids = [run.id for run in finished]
    found = bench.comparison(ids)
    rows = {name: bench.table(name, ids) for name in TABLES}
    assert [row["run"] for row in rows["leaderboard"]] == [row.run.id for row in found.rows]
    assert rows["leaderboard"][0]["accuracy"] == found.rows[0].accuracy
    assert len(rows["answers"]) == sum(len(one.digests) for one in found.predictions.values())
    assert len(rows["epochs"]) == sum(len(bench.registry.epochs(run_id)) for run_id in ids)
    assert {row["cost"] for row in rows["costs"]} >= {"alone_wall_seconds", "ms_per_photo"}
    on_front = {(row["cost"], row["run"]) for row in rows["costs"] if row["pareto_front"]}
    assert on_front == {(cost, run_id) for cost, front in found.pareto.items() for run_id in front}


def test_the_answers_are_those_that_were_stored(bench, finished):
    predictions = read_predictions(finished[0].id, "test", bench.settings)
    rows = bench.table("answers", [finished[0].id])
    names = bench.registry.dataset(finished[0].dataset_id).class_names
    assert [row["photo"] for row in rows] == list(predictions.digests)
    assert np.allclose([[row[f"p_{name}"] for name in names] for row in rows], predictions.probabilities)
    assert [row["right"] for row in rows] == predictions.correct.tolist()
    assert all(row["file"] for row in rows)
    assert [row["true"] for row in rows] == [names[label] for label in predictions.labels]
    assert [row["answer"] for row in rows] == [names[given] for given in predictions.probabilities.argmax(axis=1)]


def test_an_unknown_table_is_refused_with_the_choices(bench, finished):
    with pytest.raises(
        InvalidInput, match="There is no table 'money'. Choose from: leaderboard, costs, epochs, answers"
    ):
        bench.table("money", [finished[0].id])
