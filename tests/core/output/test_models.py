"""Models as JSON."""

import json

from core.output.models import model_row, models_json


def test_models_are_listed_with_the_aliases_of_their_runs(bench, filled, finished):
    bench.set_alias(finished[0], "champion")
    bench.delete_weights([finished[1]])
    found = json.loads(json.dumps(models_json(bench, filled.dataset.id)))["models"]
    assert {row["run"] for row in found} == set(finished) - {finished[1]}
    champion = next(row for row in found if row["run"] == finished[0])
    model = bench.registry.model(finished[0])
    assert champion["aliases"] == ["champion"] and champion["sha256"] == model.sha256
    assert model_row(bench, model).items() <= champion.items()
    assert models_json(bench) == models_json(bench, filled.dataset.id)
