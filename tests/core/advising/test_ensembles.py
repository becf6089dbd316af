"""Ensembles and cascades within a budget, chosen by validation photos."""

import numpy as np
import pytest

from core.advising.ensembles import CombinableRun, CombinationBudget, Selection, SharedCosts, checked_budget
from core.errors import InvalidInput
from core.recipes.recipe import Cascade

LABELS = np.arange(40) % 4


def run(name: str, wrong, *, ms: float | None = 10.0, network: str = "", sure: float = 0.7, doubt: float = 0.0):
    """Correct but for the photos ``wrong``, there it names the next class; ``doubt``: less sure where it is wrong."""
    rows = np.full((len(LABELS), 4), (1 - sure) / 3)
    rows[np.arange(len(LABELS)), LABELS] = sure
    for photo in wrong:
        rows[photo] = (1 - sure + doubt) / 3
        rows[photo, (LABELS[photo] + 1) % 4] = sure - doubt
    network = network or name
    files = {f"network {network}": 5_000_000, f"head {name}": 1_000_000}
    return CombinableRun(
        run_id=name, name=name, probabilities=rows, milliseconds=ms, files=files, networks=frozenset([network])
    )


A, B, C = run("a", range(8)), run("b", range(8, 16)), run("c", range(16, 24))


def selection(*runs, **budget):
    return Selection(runs, LABELS, CombinationBudget(**budget))


def test_runs_that_err_on_different_photos_make_an_ensemble_without_an_error():
    found = selection(A, B, C, run("copy of a", range(8))).ensemble()
    assert found.accuracy == 1 and found.cascade is Cascade.ENSEMBLE and set(found.run_ids) >= {"a", "b", "c"}
    assert found.milliseconds == pytest.approx(10 * len(found.run_ids))


def test_a_bad_run_is_not_added():
    found = selection(A, B, C, run("bad", range(40), sure=0.97)).ensemble()
    assert set(found.run_ids) == {"a", "b", "c"}


@pytest.mark.parametrize(("budget", "members"), [({"most_ms": 20.5}, 2), ({"most_mb": 12}, 2), ({"most_ms": 31}, 3)])
def test_an_ensemble_stays_within_the_budget(budget, members):
    found = selection(A, B, C, **budget).ensemble()
    assert len(found.run_ids) == members and CombinationBudget(**budget).holds(found.milliseconds, found.size_bytes)


def test_where_no_two_fit_there_is_no_ensemble_and_where_none_fits_no_run():
    tight = selection(A, B, most_ms=15)
    assert tight.ensemble() is None and tight.single().run_ids == ("a",)
    assert selection(A, B, most_ms=5).single() is None


def test_a_run_that_was_not_timed_fits_no_limit_of_milliseconds():
    unknown = run("unknown", [], ms=None)
    assert selection(A, unknown, most_ms=50).single().run_ids == ("a",)
    assert selection(A, unknown).single().run_ids == ("unknown",)
    assert selection(A, unknown).ensemble().milliseconds is None


def test_of_equally_accurate_runs_the_faster_one_is_the_single_run():
    assert selection(A, run("quick", range(8), ms=3.0)).single().run_ids == ("quick",)


def test_runs_on_one_network_cost_its_time_and_its_bytes_once():
    one, two = run("one", range(8), ms=10.0, network="n"), run("two", range(8, 16), ms=11.0, network="n")
    costs = SharedCosts([one, two, A])
    assert costs.milliseconds([one, two]) == pytest.approx(11) == costs.milliseconds([two, one])
    assert costs.milliseconds([one, A]) == pytest.approx(20)
    assert costs.size_bytes([one, two]) == 7_000_000 and costs.size_bytes([one, A]) == 12_000_000


def test_a_cascade_passes_on_what_the_cheap_run_doubts():
    cheap = run("cheap", range(10), ms=2.0, doubt=0.3)
    costly = run("costly", [39], ms=30.0)
    found = selection(cheap, costly).confidence()
    assert found.run_ids == ("cheap", "costly") and found.passed_on == pytest.approx(10 / 40)
    assert found.accuracy == 1 and found.milliseconds == pytest.approx(2 + 30 * 10 / 40)
    within = selection(cheap, costly, most_ms=12)
    assert within.single().run_ids == ("cheap",) and within.confidence().run_ids == ("cheap", "costly")
    assert selection(cheap, costly, most_ms=9).confidence() is None
    assert selection(cheap, costly, most_mb=11).confidence() is None


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 1e12])
def test_a_budget_that_is_no_positive_number_is_refused(value):
    with pytest.raises(InvalidInput, match="most_ms must be a positive number of milliseconds"):
        checked_budget(value, None)
    with pytest.raises(InvalidInput, match="--most-mb must be a positive number of megabytes"):
        checked_budget(None, value, "--")
