"""Compare: which is best, at what cost, and is the difference real?"""

import pytest

from core.comparison import COSTS
from tests.factories import fill
from tests.pages.conftest import first_line, link_labels, text_of, visit


def test_without_finished_runs_the_page_leads_on(bench):
    assert "Import photos" in link_labels(visit("compare"))
    fill(bench.registry, runs=0)
    assert "Choose what to train" in link_labels(visit("compare"))


def test_all_finished_runs_of_the_newest_dataset_are_compared(filled):
    at = visit("compare")
    assert not at.exception
    assert set(at.multiselect(key="compare.runs").value) == {run.id for run in filled.with_status("FINISHED")}
    assert first_line(at).startswith("A tie")


def test_the_runs_of_the_url_are_compared_whatever_is_newest(bench, filled):
    fill(bench.registry, bench.settings, name="newer", runs=2)
    wanted = filled.with_status("FINISHED")[0].id
    at = visit("compare", runs=wanted)
    assert at.selectbox(key="compare.dataset").value == filled.dataset.id
    assert at.multiselect(key="compare.runs").value == [wanted]
    assert "there is nothing to compare it with yet" in first_line(at)


@pytest.mark.parametrize("runs", ["r-nothing", "../../etc/passwd", "<b>"])
def test_an_unknown_run_in_the_url_is_said_and_the_others_compared(filled, runs):
    good = filled.with_status("FINISHED")[0].id
    at = visit("compare", runs=f"{runs},{good}")
    assert not at.exception and "no run" in at.error[0].value
    assert at.multiselect(key="compare.runs").value == [good]


def test_an_unfinished_run_in_the_url_is_said(filled):
    at = visit("compare", runs=filled.with_status("FAILED")[0].id)
    assert "is not finished" in at.warning[0].value and not at.exception


def test_runs_of_two_datasets_are_not_compared(bench, filled):
    other = fill(bench.registry, bench.settings, name="other", runs=2)
    ids = f"{filled.with_status('FINISHED')[0].id},{other.with_status('FINISHED')[0].id}"
    at = visit("compare", runs=ids)
    assert "another dataset" in at.warning[0].value and len(at.multiselect(key="compare.runs").value) == 1


def test_the_leaderboard_is_ordered_and_can_be_downloaded(filled):
    at = visit("compare")
    table = at.dataframe[0].value
    assert table["Place"].tolist() == [1, 2] and table["Accuracy"].is_monotonic_decreasing
    assert at.get("download_button")


def test_at_most_twelve_runs_are_compared_at_once(bench):
    fill(bench.registry, bench.settings, runs=20)
    at = visit("compare")
    assert not at.exception and len(at.multiselect(key="compare.runs").value) == 12
    assert "most accurate of 12 runs" in first_line(at)


def test_runs_that_are_right_equally_often_share_the_first_place_and_the_cheapest_is_named(bench):
    fill(bench.registry, bench.settings, runs=20)
    line = first_line(visit("compare"))
    assert "are the most accurate of 12 runs" in line and "costs least of them" in line


def test_the_cost_axis_can_be_chosen(filled):
    at = visit("compare")
    paid = [option for option in at.selectbox(key="compare.cost").options if "paid" in option][0]
    at.selectbox(key="compare.cost").select(paid).run()
    assert not at.exception and "training time paid" in text_of(at)


def test_two_runs_meet_head_to_head(filled):
    at = visit("compare")
    assert "McNemar" in text_of(at)
    fourfold = at.dataframe[1].value.drop(columns="").to_numpy()
    assert fourfold.sum() == 12


def test_a_cell_of_the_confusion_matrix_opens_its_photos(filled):
    at = visit("compare")
    run_id = at.selectbox(key="compare.confusion_run").value
    cell = {"customdata": ["", "rose", "rose", "rose", "rose"]}
    at.session_state[f"compare.confusion.{run_id}"] = {"selection": {"points": [cell]}}
    at.run()
    assert not at.exception and at.selectbox(key=f"compare.cell.{run_id}").value == ("rose", "rose")
    assert any(image.alt == "rose" for images in at.get("image") for image in images.proto.imgs)


def test_choosing_no_run_says_what_to_do(filled):
    at = visit("compare")
    at.multiselect(key="compare.runs").set_value([]).run()
    assert not at.exception and "Choose finished runs" in first_line(at)


def test_a_run_whose_answers_are_lost_is_said(bench, filled):
    run = filled.with_status("FINISHED")[0]
    (bench.settings.run_dir(run.id) / "test.npz").unlink()
    at = visit("compare")
    assert not at.exception and "has no answers" in at.warning[0].value


def test_with_the_price_of_an_hour_time_becomes_money(bench, filled):
    at = visit("compare")
    assert "money" not in at.dataframe[0].value
    at.number_input(key="compare.price").set_value(3.6)
    at.text_input(key="compare.currency").input("CHF")
    at.button(key="compare.rate_save").click().run()
    assert not at.exception and bench.rate() == (3.6, "CHF")
    assert at.dataframe[0].value["alone_money"].round(3).tolist() == [0.034, 0.046]


def test_the_table_shows_the_costs_that_fit_and_the_file_has_all_of_them(filled):
    table = visit("compare").dataframe[0].value
    assert {"alone_wall_seconds", "ms_per_photo", "model_bytes"} <= set(table.columns)
    assert not {"cpu_seconds", "alone_cpu_seconds", "parameters_total"} & set(table.columns)


def test_prices_are_in_the_users_currency_in_table_and_chart(bench, filled):
    bench.set_rate(36.0, "CHF")
    at = visit("compare")
    at.selectbox(key="compare.cost").select(next(kind for kind in COSTS.values() if kind.key == "alone_money")).run()
    chart = at.get("plotly_chart")[0].proto.spec
    assert "CHF" in chart and "EUR" not in chart
    assert "alone_money" in at.dataframe[0].value.columns


def test_the_next_step_is_to_predict_with_the_best(filled):
    at = visit("compare")
    assert [button.label for button in at.button if button.proto.type == "primary"] == ["Predict with the best"]
