"""The card on top of Compare: which run to use, and who is not distinguishable from the best."""

import json

from sqlalchemy import update

from core.registry.schema import costs, runs
from tests.factories import fill
from tests.pages.conftest import text_of, visit
from tests.pages.leaderboard import headline_of, pick, table_of


def test_the_recommended_run_is_the_fastest_of_those_not_distinguishable_from_the_best(bench):
    done = fill(bench.registry, bench.settings, runs=20)
    found = bench.verdict(done.dataset.id, fold=False)
    at = visit("compare", fold="0", size="50")
    table = table_of(at)
    marked = table[table["use"] == "✓"]
    assert len(marked) == 1 and [*marked["verdict"].iloc[0]] != ["less accurate"]
    fastest = min((found.best, *found.ties), key=lambda one: one.training_seconds)
    assert found.recommended.training_seconds == fastest.training_seconds
    said = text_of(at)
    assert "Recommended" in said and "training time" in said and "per photo" in said


def test_of_repetitions_the_card_gives_the_mean(bench):
    fill(bench.registry, bench.settings, runs=20)
    assert "repetitions)" in text_of(visit("compare"))


def test_the_verdict_is_about_the_ticked_runs(bench):
    fill(bench.registry, bench.settings, runs=20)
    at = pick(visit("compare", fold="0", size="50"), rows=[0, 1, 2])
    assert headline_of(at).startswith("Of the 3 selected runs, use ")
    assert [bool(len(cell)) for cell in table_of(at)["verdict"]] == [True] * 3 + [False] * 13
    assert "Select a second run" in headline_of(pick(at, rows=[4]))


def test_two_ticked_runs_get_a_verdict(filled):
    at = pick(visit("compare"), rows=[0, 1])
    assert "not distinguishable" in headline_of(at)


def test_a_recommended_run_that_is_not_among_the_best_drawn_is_drawn_too(bench):
    done = fill(bench.registry, bench.settings, runs=20)
    cheap = min(done.with_status("FINISHED"), key=lambda run: run.test_accuracy).id
    with bench.registry.writing() as connection:
        connection.execute(update(costs).where(costs.c.run_id == cheap).values(alone_wall_seconds=0.001))
        connection.execute(update(runs).where(runs.c.id == cheap).values(test_accuracy=0.8))
    assert bench.verdict(done.dataset.id, fold=False).recommended.run_id == cheap
    at = visit("compare", fold="0")
    assert bench.registry.run(cheap).name.split(" (")[0].split("Net-")[-1][:5] in headline_of(at)
    points = [point for trace in _spec(at)["data"] for point in trace.get("customdata") or ()]
    assert cheap in [point[0] for point in points] and len(points) == 13


def _spec(at) -> dict:
    return json.loads(at.get("plotly_chart")[0].proto.spec)


def test_names_of_the_verdict_are_not_cut(filled):
    at = pick(visit("compare"), rows=[0, 1])
    chips = [one.proto.body for one in at.get("html") if "border-radius:50%" in one.proto.body]
    assert len(chips) >= 2 and not [chip for chip in chips if "nowrap" in chip or "ellipsis" in chip]
