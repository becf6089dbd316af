"""Where a dataset stands."""

import pytest

from core.comparison.summary import recommendation
from core.runs.values import Status
from core.web.overview.standing import standings
from core.workbench import Workbench
from tests.factories import fill


@pytest.fixture
def bench(settings):
    workbench = Workbench.open(settings)
    yield workbench
    workbench.registry.close()


def of(bench):
    return standings(bench, bench.registry.datasets(), bench.registry.run_counts())


def test_a_dataset_says_the_verdict_on_its_runs(bench):
    filled = fill(bench.registry, bench.settings, runs=9)
    (one,) = of(bench)
    found = bench.verdict(filled.dataset.id)
    names = {run.id: run.name for run in filled.runs}
    assert one.recommendation().replace("\\", "") == recommendation(found, names)
    assert one.shown.id == found.recommended.run_id and one.shown.id in one.with_model


def test_the_champion_is_shown_before_the_recommended_run(bench):
    filled = fill(bench.registry, bench.settings, runs=9)
    found = bench.verdict(filled.dataset.id)
    bench.set_alias(found.ties[-1].run_id)
    (one,) = of(bench)
    assert one.shown.id == found.ties[-1].run_id and one.recommended.id == found.recommended.run_id
    assert one.champion_note() == "The champion: not distinguishable from the most accurate."


def test_without_a_finished_run_there_is_nothing_to_say(bench):
    fill(bench.registry, runs=0)
    (one,) = of(bench)
    assert one.verdict is None and one.shown is None
    assert one.recommendation() == one.ties(after_recommendation=True) == one.champion_note() == ""


def test_many_datasets_cost_one_query_for_their_runs(bench, monkeypatch):
    for name in ("a", "b", "c"):
        fill(bench.registry, name=name)
    asked = []
    original = type(bench.registry).runs_of
    monkeypatch.setattr(
        type(bench.registry), "runs_of", lambda self, ids: asked.append(list(ids)) or original(self, ids)
    )
    assert len(of(bench)) == 3 and len(asked) == 1 and all(one.counts[Status.FINISHED] == 2 for one in of(bench))
