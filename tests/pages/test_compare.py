"""Compare: which model is best, at what cost, and is the difference significant?"""

from core.comparison.cost_axes import COSTS
from core.web.compare.address import MOST
from tests.bench.many_runs import fill_many
from tests.factories import fill
from tests.pages.conftest import link_labels, text_of, visit
from tests.pages.leaderboard import chosen_of, headline_of, names_of, table_of, ticked_names


def test_without_finished_runs_the_page_leads_on(bench):
    assert "Import photos" in link_labels(visit("compare"))
    fill(bench.registry, runs=0)
    assert "Choose what to train" in link_labels(visit("compare"))


def test_the_newest_dataset_with_results_is_compared(bench, filled):
    fill(bench.registry, name="newer", runs=0)
    at = visit("compare")
    assert not at.exception and at.selectbox(key="compare.dataset").value == filled.dataset.id
    assert "not distinguishable" in headline_of(at) and len(table_of(at)) == 2


def test_the_best_runs_are_shown_while_none_is_ticked(bench):
    fill(bench.registry, bench.settings, runs=20)
    at = visit("compare", fold="0")
    assert not at.exception and ticked_names(at) == []
    assert headline_of(at).startswith("Use Lite") and "15 comparisons" in text_of(at)
    coloured = [colour for colour in table_of(at)["colour"] if "8A8F98" not in colour]
    assert len(coloured) == len(table_of(at)) == 10


def test_another_view_goes_into_the_url(filled):
    at = visit("compare")
    assert at.segmented_control(key="compare.group").value == "Cost"
    at.segmented_control(key="compare.group").set_value("Quality").run()
    assert not at.exception and at.query_params["view"] == "pairs"
    at.button_group(key="compare.view").set_value("curves").run()
    assert not at.exception and at.query_params["view"] == "curves"
    assert at.segmented_control(key="compare.group").value == "Quality"


def test_the_cost_axis_goes_into_the_url(filled):
    at = visit("compare")
    at.selectbox(key="compare.cost").select(at.selectbox(key="compare.cost").options[1]).run()
    assert not at.exception and at.query_params["cost"] in COSTS


def test_what_differs_stands_side_by_side_for_a_few_runs(filled):
    table = next(table.value for table in visit("compare").dataframe if "setting" in table.value)
    assert table["setting"].tolist() == ["Test accuracy", "Backbone"]
    assert sorted(table.iloc[1].tolist()[1:]) == ["Lite0", "Lite1"]


def test_what_differs_stands_below_each_other_for_many_runs(bench):
    fill(bench.registry, bench.settings, runs=20)
    tables = [table.value for table in visit("compare", fold="0").dataframe]
    table = next(table for table in tables if {"backbone", "seed"} <= set(table.columns))
    assert len(table) == 12 and "learning_rate" not in table.columns


def test_repetitions_alone_differ_in_the_seed(bench):
    done = fill(bench.registry, bench.settings, runs=20)
    lite = [run.id for run in done.with_status("FINISHED") if run.recipe.backbone.endswith("lite0")]
    at = visit("compare", runs=",".join(lite[:3]))
    table = next(table.value for table in at.dataframe if "setting" in table.value)
    assert table["setting"].tolist() == ["Test accuracy", "Seed"]


def test_one_run_alone_differs_from_nothing(filled):
    at = visit("compare", runs=filled.with_status("FINISHED")[0].id)
    assert "Differences" not in text_of(at) and len(names_of(at)) == 2


def test_with_the_price_of_an_hour_time_becomes_money(bench, filled):
    assert "alone_money" not in table_of(visit("compare", cols="accuracy,alone_money"))
    bench.set_rate(36.0, "CHF")
    at = visit("compare", cols="accuracy,alone_money", cost="alone_money")
    assert not at.exception and all(cell.endswith(" CHF") for cell in table_of(at)["alone_money"])
    assert "EUR" not in at.get("plotly_chart")[0].proto.spec


def test_the_next_step_is_to_predict_with_the_recommended_run(filled):
    at = visit("compare")
    assert [button.label for button in at.button if button.proto.type == "primary"] == ["Predict with it"]


def test_five_hundred_runs_can_be_compared(bench):
    dataset = fill_many(bench.registry, bench.settings, count=540, epochs_each=2, files=20)
    at = visit("compare")
    at.button(key="compare.all").click().run(timeout=60)
    assert not at.exception and not at.error
    assert len(chosen_of(at)) == MOST
    assert f"{MOST} runs selected" in text_of(at) and at.selectbox(key="compare.dataset").value == dataset.id
    assert "other runs without predictions" in text_of(at)
