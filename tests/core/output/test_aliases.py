"""Aliases of a dataset as JSON."""

from core.output.aliases import aliases_json


def test_aliases_name_their_runs_and_a_deleted_one_is_lost(bench, filled, finished):
    bench.set_alias(finished[0], "champion", "the best", "me")
    bench.set_alias(finished[1], "small")
    bench.delete_runs([finished[1]])
    found = aliases_json(bench, filled.dataset)
    assert found["aliases"] == {"champion": finished[0]} and found["lost"] == {"small": finished[1]}
    newest, first = found["history"]
    assert (first["run_id"], first["why"], first["who"]) == (finished[0], "the best", "me")
    assert newest["alias"] == "small" and "dataset_id" not in newest
