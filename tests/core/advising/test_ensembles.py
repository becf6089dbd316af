"""Ensembles and cascades within a budget, chosen by validation photos."""

from dataclasses import replace

import numpy as np
import pytest

from core.advising.ensembles import CombinableRun, CombinationBudget, SharedCosts, best_offers, checked_budget
from core.errors import InvalidInput
from core.recipes.patterns import Cascade

LABELS = np.arange(40) // 10
SINGLE, ENSEMBLE, CONFIDENCE = None, Cascade.ENSEMBLE, Cascade.CONFIDENCE


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


def offers(*runs, **budget):
    return best_offers(runs, LABELS, CombinationBudget(**budget))


def test_runs_that_err_on_different_photos_make_an_ensemble_without_an_error():
    found = offers(A, B, C, run("copy of a", range(8)))[ENSEMBLE]
    assert found.accuracy == 1 and found.cascade is Cascade.ENSEMBLE and set(found.run_ids) >= {"a", "b", "c"}
    assert found.milliseconds == pytest.approx(10 * len(found.run_ids))


def test_a_bad_run_is_not_added():
    found = offers(A, B, C, run("bad", range(40), sure=0.97))[ENSEMBLE]
    assert set(found.run_ids) == {"a", "b", "c"}


@pytest.mark.parametrize(("budget", "members"), [({"most_ms": 20.5}, 2), ({"most_mb": 12}, 2), ({"most_ms": 31}, 3)])
def test_an_ensemble_stays_within_the_budget(budget, members):
    found = offers(A, B, C, **budget)[ENSEMBLE]
    assert len(found.run_ids) == members and CombinationBudget(**budget).holds(found.milliseconds, found.size_bytes)


def test_where_no_two_fit_there_is_no_ensemble_and_where_none_fits_no_run():
    tight = offers(A, B, most_ms=15)
    assert ENSEMBLE not in tight and tight[SINGLE].run_ids == ("a",)
    assert SINGLE not in offers(A, B, most_ms=5)


def test_a_run_that_was_not_timed_fits_no_limit_of_milliseconds():
    unknown = run("unknown", [], ms=None)
    assert offers(A, unknown, most_ms=50)[SINGLE].run_ids == ("a",)
    assert offers(A, unknown)[SINGLE].run_ids == ("unknown",)
    assert offers(A, unknown)[ENSEMBLE].milliseconds is None


def test_of_equally_accurate_runs_the_faster_one_is_the_single_run():
    assert offers(A, run("quick", range(8), ms=3.0))[SINGLE].run_ids == ("quick",)


def test_runs_on_one_network_cost_its_time_and_its_bytes_once():
    one, two = run("one", range(8), ms=10.0, network="n"), run("two", range(8, 16), ms=11.0, network="n")
    costs = SharedCosts([one, two, A])
    assert costs.milliseconds([one, two]) == pytest.approx(11) == costs.milliseconds([two, one])
    assert costs.milliseconds([one, A]) == pytest.approx(20)
    assert costs.size_bytes([one, two]) == 7_000_000 and costs.size_bytes([one, A]) == 12_000_000


def test_a_cascade_passes_on_what_the_cheap_run_doubts():
    cheap = run("cheap", range(10), ms=2.0, doubt=0.3)
    costly = run("costly", [39], ms=30.0)
    found = offers(cheap, costly)[CONFIDENCE]
    assert found.run_ids == ("cheap", "costly") and found.passed_on == pytest.approx(10 / 40)
    assert found.accuracy == 1 and found.milliseconds == pytest.approx(2 + 30 * 10 / 40)
    within = offers(cheap, costly, most_ms=12)
    assert within[SINGLE].run_ids == ("cheap",) and within[CONFIDENCE].run_ids == ("cheap", "costly")
    assert CONFIDENCE not in offers(cheap, costly, most_ms=9)
    assert CONFIDENCE not in offers(cheap, costly, most_mb=11)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 1e12])
def test_a_budget_that_is_no_positive_number_is_refused(value):
    with pytest.raises(InvalidInput, match="most_ms must be a positive number of milliseconds"):
        checked_budget(value, None)
    with pytest.raises(InvalidInput, match="--most-mb must be a positive number of megabytes"):
        checked_budget(None, value, "--")


def test_under_a_narrow_budget_two_cheap_runs_are_found_though_the_best_one_is_dear():
    dear, other = run("dear", range(6), ms=19.0), run("other head", range(6), ms=19.5, network="dear")
    cheap = [run("first", range(8), doubt=0.2), run("second", range(8, 16), doubt=0.2)]
    found = offers(dear, other, *cheap, most_ms=20.5)[ENSEMBLE]
    assert set(found.run_ids) == {"first", "second"} and found.accuracy == 1


def test_what_was_chosen_among_much_noise_is_judged_on_photos_that_did_not_choose_it():
    generator = np.random.default_rng(0)
    runs = [
        replace(run(f"noise {ms}", [], ms=ms), probabilities=generator.dirichlet(np.ones(4), 40)) for ms in range(2, 30)
    ]
    found = offers(*runs)
    for kind in (ENSEMBLE, CONFIDENCE):
        assert found[kind].fitted_accuracy >= 0.4 and found[kind].accuracy < found[kind].fitted_accuracy - 0.05
    assert found[SINGLE].accuracy == found[SINGLE].fitted_accuracy > found[CONFIDENCE].accuracy


def test_a_single_validation_photo_is_no_reason_to_combine():
    one = [replace(run(name, []), probabilities=run(name, []).probabilities[:1]) for name in ("a", "b")]
    assert best_offers(one, LABELS[:1], CombinationBudget())[ENSEMBLE].accuracy == 0
