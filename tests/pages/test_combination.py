"""Which runs to combine, on the page Compare."""

import pytest

from tests.core.advising.test_combining import different, say  # noqa: F401
from tests.factories import fill
from tests.pages.conftest import text_of, visit


@pytest.fixture
def finished(filled) -> list[str]:
    return [run.id for run in filled.with_status("FINISHED")]


def said(at):
    return text_of(at).replace("\\", "")


def asked(**budget):
    at = visit("compare")
    for name, value in budget.items():
        at.number_input(key=f"combination.{name}").set_value(value)
    return at.button(key="combination.find").click().run()


def test_a_click_finds_an_ensemble_and_says_what_it_rests_on(different):  # noqa: F811
    at = asked()
    assert not at.exception and not at.error
    assert "Use the ensemble of Lite" in said(at) and "p = 1.00: not distinguishable" in said(at)
    assert "2 runs considered on 12 validation photos" in said(at)
    assert "predicted by what the other four fifths choose" in said(at)
    table = next(table.value for table in at.dataframe if "Passed on" in table.value)
    assert table["Model"].tolist()[:2] == ["ensemble, 1/2 each", "single run"]
    assert table["Against the single run"].tolist()[:2] == ["1 gained, 0 lost (p = 1.00)", ""]


def test_one_more_click_makes_it_a_run_that_is_tested_against_the_single_one(different, bench, filled):  # noqa: F811
    at = asked()
    at.button(key="combination.launch").click().run()
    assert not at.exception and not at.error
    (run,) = [run for run in bench.registry.runs(filled.dataset.id) if run.recipe.cascade]
    assert f"On the test photos **{run.name}** reaches" in said(at).replace("⁠", "")
    assert "the best single run on 12 test photos: not distinguishable (p = " in said(at)
    assert "combination.launch" not in [button.key for button in at.button]


def test_the_single_run_is_the_answer_where_no_other_fits(different):  # noqa: F811
    at = asked(ms=9.0)
    assert "No ensemble or cascade within 9.0 ms is better on the validation photos than the best single run" in said(
        at
    )
    assert "1 run alone beyond the budget" in said(at)
    assert "combination.launch" not in [button.key for button in at.button]


def test_a_budget_below_every_run_names_the_smallest(different):  # noqa: F811
    at = asked(ms=0.5)
    assert not at.error and "No run fits into 0.5 ms: the fastest, Lite" in said(at)
    at.number_input(key="combination.ms").set_value(None)
    at.button(key="combination.find").click().run()
    assert "Use the ensemble of" in said(at) and "No run fits" not in said(at)


def test_one_run_alone_is_the_answer(bench):
    fill(bench.registry, bench.settings, runs=1)
    assert "flowers has one run to choose from; two can be combined." in said(asked())
