"""The views of Compare: each answers one question, keeps its state in the URL, and names what the runs lack."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from core.files.home import run_folder
from core.registry.schema import evaluations
from core.runs.metrics import evaluate
from core.runs.predictions import read_predictions
from core.runs.values import Run, Status
from core.settings import Settings
from core.text.units import percent
from core.web.compare.view_list import VIEWS
from core.web.compare.views.confusion import cell_of
from core.workbench import Workbench
from tests.bench.many_runs import fill_many
from tests.factories import fill, make_cost, make_evaluation, make_model, make_run
from tests.pages.conftest import text_of, visit
from tests.pattern_home import fill_patterns


@pytest.fixture(scope="module")
def tried(tmp_path_factory) -> tuple[Path, dict[str, Run]]:
    """A home in which every way to use a network was tried, made once, and its runs by short names."""
    workbench = Workbench.open(Settings(home=tmp_path_factory.mktemp("tried") / "home"))
    runs = fill_patterns(workbench)
    workbench.registry.close()
    return workbench.settings.home, runs


@pytest.fixture
def bench(tried, settings, started) -> Iterator[Workbench]:
    """A workbench on a copy of that home."""
    shutil.copytree(tried[0], settings.home)
    workbench = Workbench.open(settings)
    yield workbench
    workbench.registry.close()


@pytest.fixture
def runs(tried, bench) -> dict[str, Run]:
    """A finished run of every way to use a network, by a short name."""
    return tried[1]


@pytest.fixture
def plain_run(bench) -> Run:
    """A finished run with answers for the validation photos."""
    return next(
        run for run in bench.registry.runs() if (run_folder(bench.settings, run.id).path / "validation.npz").is_file()
    )


def at_view(view: str, *ids: str, **query: str):
    return visit("compare", view=view, runs=",".join(ids), **query)


def again(at, **query: str):
    """The same visit with other values in the URL."""
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def all_figures(at) -> list[dict]:
    """What the charts of the page are sent to the browser as: accuracy against cost, then those of the view."""
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def figures(at) -> list[dict]:
    """The charts of the view."""
    return all_figures(at)[1:]


def _headings(at) -> list[str]:
    return [heading.value for heading in at.header]


def tables(at) -> list:
    return [table.value for table in at.dataframe]


def table_with(at, column: str):
    """The one table that has this column."""
    return next(table for table in tables(at) if column in table.columns)


def every_view(at, **query: str):
    """Each view in turn with what it says, in one visit."""
    for view in VIEWS:
        again(at, view=view, **query)
        assert not at.exception, (view, at.exception)
        assert not at.error, (view, [error.value for error in at.error])
        yield view, text_of(at)


# --- whatever is chosen ---


def test_every_view_asks_a_question_and_draws_a_chart_of_runs_of_all_ways(runs):
    at = visit("compare", runs=",".join(run.id for run in runs.values()))
    for view, said in every_view(at):
        assert at.pills(key="compare.view").value == view and VIEWS[view].question in _headings(at)
        if view != "map":  # its button: the network has to look at the photos first
            assert figures(at) or view in ("pairs", "cost"), (view, said)
            assert {"CSV", "Parquet"} <= {button.proto.label for button in at.get("download_button")}


@pytest.mark.parametrize("chosen", [("top 3",), ("as it is",), ("top 3", "features")])
def test_every_view_accepts_one_run_two_runs_and_runs_without_epochs(runs, chosen):
    at = visit("compare", runs=",".join(runs[name].id for name in chosen))
    assert [view for view, _ in every_view(at)] == list(VIEWS)


def test_every_view_accepts_runs_that_are_not_finished_or_lost_their_predictions(bench, runs):
    unfinished = [run.id for run in bench.registry.runs() if run.status is not Status.FINISHED]
    lost = runs["features"]
    (run_folder(bench.settings, lost.id).path / "test.npz").unlink()
    at = visit("compare", runs=",".join([*unfinished, lost.id]))
    said = dict(every_view(at))
    assert "only finished runs have them" in said["confusion"] and "only finished runs have them" in said["map"]
    at = visit("compare", runs=",".join([*unfinished, lost.id, runs["top 3"].id, runs["fusion"].id]))
    for view, _ in every_view(at):
        options = [box.options for box in at.selectbox if box.key == "compare.a" and view != "classes"]
        assert all(len(names) == 2 for names in options), view


def test_a_class_without_test_photos_is_said_and_breaks_nothing(bench, runs):
    _take_photos_of_a_class(bench, "rose")
    at = visit("compare", runs=f"{runs['top 3'].id},{runs['features'].id}")
    said = dict(every_view(at))
    assert "Not measured, because without test photos: rose." in said["classes"].replace("\\", "")
    again(at, view="pairs")
    line = table_with(at, "Class").set_index("Class").loc["rose"]
    assert line["Photos"] == 0 and line["Interval"] == "no test photo"


def _take_photos_of_a_class(bench, name: str) -> None:
    """As if the dataset had no test photos of one class when its runs were measured."""
    for run in bench.registry.runs(status=Status.FINISHED):
        path, names = (
            run_folder(bench.settings, run.id).path / "test.npz",
            bench.registry.dataset(run.dataset_id).class_names,
        )
        with np.load(path) as stored:
            kept = stored["labels"] != names.index(name)
            digests, labels, probabilities = (stored[key][kept] for key in ("digests", "labels", "probabilities"))
        np.savez(path, digests=digests, labels=labels, probabilities=probabilities)
        measured = asdict(evaluate(probabilities, labels, names, digests))
        with bench.registry.writing() as connection:
            connection.execute(update(evaluations).where(evaluations.c.run_id == run.id).values(measured))


def test_of_very_many_runs_the_best_are_drawn_and_the_page_says_so(bench):
    dataset = fill_many(bench.registry, bench.settings, 100, epochs_each=4, files=30)
    ids = bench.board(dataset.id).run_ids
    at = visit("compare", runs=",".join(ids))
    said = dict(every_view(at))
    assert "The 40 most accurate of" in said["curves"]
    assert "The 12 most accurate of 31 runs" in said["calibration"]
    assert "The 6 most accurate of" in said["classes"]


# --- cost, curves, settings ---


def test_curves_run_over_epochs_or_time_and_the_url_says_which(runs):
    at = at_view("curves", runs["top 3"].id, runs["fusion"].id, runs["features"].id, metric="val_loss")
    assert at.pills(key="compare.metric").value == "val_loss"
    at.pills(key="compare.over").set_value("wall").run()
    assert _in_url(at, "over") == "wall" and not at.exception
    assert "1 run without epochs" in text_of(at)


def test_training_is_drawn_beside_validation(runs):
    traces = figures(at_view("curves", runs["top 3"].id))[0]["data"]
    assert {trace.get("line", {}).get("dash") for trace in traces} >= {"solid", "dot"}


def test_a_setting_that_differs_has_an_axis_and_what_is_shared_has_none(runs):
    at = at_view("hyperparameters", runs["top 1"].id, runs["top 3"].id)
    drawn = str(figures(at)[0]).lower()
    assert "depth" in drawn and "learning rate" not in drawn


def test_settings_are_called_as_in_the_table_below_and_on_train(runs):
    at = at_view("hyperparameters", runs["top 1"].id, runs["from scratch"].id)
    labels = {note["text"].replace("<br>", " ") for note in figures(at)[0]["layout"]["annotations"]}
    assert {"Fine-tuning", "From scratch"} <= labels


def test_one_run_differs_from_nothing(runs):
    assert "Select a second run" in _infos(at_view("hyperparameters", runs["top 1"].id))


def test_a_depth_sweep_is_found_whichever_runs_are_chosen(runs):
    at = at_view("depths", runs["features"].id)
    assert "fine\\-tuning is most accurate with" in text_of(at) and len(figures(at)) == 3


def test_several_sweeps_stand_beside_each_other_and_in_the_url(bench, runs):
    """A second sweep: the same network at two depths with another head."""
    _add_a_sweep(bench, runs["top 1"].recipe, (1, 2))
    at = at_view("depths", runs["features"].id)
    sweeps = at.multiselect(key="compare.depths")
    assert len(sweeps.options) == 2 and len(sweeps.value) == 1
    sweeps.set_value([runs["top 1"].id, "r-second1"]).run()
    assert not at.exception and set(_in_url(at, "cell").split(",")) == {runs["top 1"].id, "r-second1"}
    assert again(at).multiselect(key="compare.depths").value == [runs["top 1"].id, "r-second1"]


def test_the_two_depths_that_a_title_names_are_tested(bench, runs):
    """Depth 1 has the predictions of one run, the cheaper depth 2 those of a less accurate one."""
    better, worse = runs["top 3"], runs["from scratch"]
    _add_a_sweep(bench, runs["top 1"].recipe, (1, 2), like=(better, worse))
    pair = bench.comparison(["r-second1", "r-second2"]).pair("r-second1", "r-second2")
    at = at_view("depths", "r-second1", cell=f"{runs['top 1'].id},r-second1")
    words = "The two are not distinguishable" if pair.tie else "The difference is significant"
    assert f"{words}: McNemar's exact test on {pair.n} test photos" in text_of(at).replace("\\", "")


def _add_a_sweep(bench, recipe, depths, like=()) -> None:
    """Args:
    like: runs whose predictions and accuracy those of the depths are; each depth then costs less than the one before.
    """
    for place, depth in enumerate(depths):
        numbers = replace(recipe.hyperparameters, depth=depth, head_epochs=1)
        changed = replace(recipe, hyperparameters=numbers)
        run = make_run(
            depth,
            id=f"r-second{depth}",
            recipe=changed,
            dataset=bench.registry.dataset(bench.registry.runs()[0].dataset_id),
        )
        bench.registry.add_run(run)
        for other in bench.registry.queue():
            if other.id != run.id:
                bench.registry.move(run.id, before=other.id)
                break
        claimed = bench.registry.claim("cpu", "test")
        evaluation, cost = make_evaluation(), make_cost()
        if like:
            evaluation = bench.registry.evaluation(like[place].id)
            cost = replace(cost, alone_wall_seconds=100.0 / (1 + place))
            target = run_folder(bench.settings, run.id).path
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(run_folder(bench.settings, like[place].id).path / "test.npz", target)
        bench.registry.finish(
            run.id, claimed.attempt, evaluation=evaluation, cost=cost, model=make_model(run), best_epoch=1
        )


def test_without_a_sweep_the_page_says_how_to_make_one(bench):
    other = fill(bench.registry, bench.settings, name="other", runs=2)
    assert "at several depths at once" in _infos(visit("compare", view="depths", dataset=other.dataset.id))


# --- confusion and head to head ---


def test_two_matrices_and_their_difference_stand_beside_each_other(runs):
    at = at_view("confusion", runs["top 3"].id, runs["features"].id)
    assert len(figures(at)) == 3
    assert at.selectbox(key="compare.a").value != at.selectbox(key="compare.b").value


def test_one_matrix_is_shown_where_b_is_nothing(runs):
    a = runs["top 3"].id
    at = at_view("confusion", a, runs["features"].id, a=a)
    at.selectbox(key="compare.b").select(a).run()
    assert _in_url(at, "b") == a and len(figures(at)) == 1 and not at.exception


def test_a_cell_of_the_url_shows_its_photos_with_both_answers(runs):
    a, b = runs["top 3"].id, runs["features"].id
    at = at_view("confusion", a, b, a=a, b=b, cell="rose|rose")
    assert at.selectbox(key="compare.cell").value == ("rose", "rose")
    alts = [image.alt for images in at.get("image") for image in images.proto.imgs]
    assert alts and all(alt.startswith("rose, A: ") and ", B: " in alt for alt in alts)


def test_another_cell_can_be_chosen_from_a_list_and_stands_in_the_url(runs):
    a, b = runs["top 3"].id, runs["features"].id
    at = at_view("confusion", a, b, a=a, b=b, cell="rose|rose")
    at.selectbox(key="compare.cell").select(("tulip", "tulip")).run()
    assert _in_url(at, "cell") == "tulip|tulip" and _in_url(at, "a") == a


@pytest.mark.parametrize("asked", ["", "rose", "rose|nothing", "|", "a|b|c", "<b>|<i>"])
def test_a_cell_that_is_not_there_is_replaced_by_the_largest_mistake(asked):
    assert cell_of(asked, {("rose", "tulip"): 3, ("rose", "rose"): 9}) == ("rose", "tulip")


def test_a_class_name_may_contain_the_sign_between_the_two():
    assert cell_of("a|b|c", {("a", "c"): 1, ("a|b", "c"): 1, ("a", "b|c"): 1}) == ("a|b", "c")


def test_two_runs_meet_head_to_head(bench, runs):
    a, b = runs["top 3"].id, runs["from scratch"].id
    at = at_view("pairs", a, b, a=a, b=b)
    pair = bench.comparison([a, b]).pair(a, b)
    fourfold = table_with(at, "B correct").drop(columns="Photos").to_numpy().tolist()
    assert fourfold == [[pair.both_right, pair.only_a], [pair.only_b, pair.both_wrong]]
    assert f"{pair.only_a + pair.only_b} photo" in text_of(at) and "McNemar" in text_of(at)
    assert set(table_with(at, "Class")["Class"]) == set(bench.registry.dataset(runs["top 3"].dataset_id).class_names)


def test_two_runs_are_compared_in_every_metric_of_the_command_line(bench, runs):
    a, b = runs["top 3"].id, runs["from scratch"].id
    lines = table_with(at_view("pairs", a, b, a=a, b=b), "Metric").set_index("Metric")
    found = {one.metric: one for one in bench.comparison([a, b]).metrics(a, b)}
    assert lines.loc["Macro-F1", "A"] == percent(found["macro_f1"].a)
    assert lines.loc["Log-loss", "B"] == f"{found['log_loss'].b:.3f}"


def test_photos_that_one_run_alone_predicts_correctly_are_shown_with_both_predictions(bench, runs):
    a, b = runs["top 3"].id, runs["from scratch"].id
    at = at_view("pairs", a, b, a=a, b=b)
    pair = bench.comparison([a, b]).pair(a, b)
    alts = [image.alt for images in at.get("image") for image in images.proto.imgs]
    assert len(alts) == pair.only_a + pair.only_b > 0
    assert all(alt.count("✓") == alt.count("✗") == 1 for alt in alts)
    assert not any(" 100" in alt for alt in alts), "as on Predict, 100 % is never claimed"


def test_the_best_is_tested_against_each_other_run_and_a_row_opens_the_two(bench, runs):
    ids = [run.id for run in runs.values()]
    at = at_view("pairs", *ids)
    lines = table_with(at, "Best")
    assert len(lines) == len(ids) - 1 and len(bench.comparison(ids).against_best) == len(lines)
    assert "(Holm)" in text_of(at)


def test_a_pair_names_the_family_of_tests_it_is_corrected_for(bench, runs):
    ids = [run.id for run in runs.values()]
    best = bench.comparison(ids).verdict.best.run_id
    others = [run_id for run_id in ids if run_id != best]
    assert "the best run against each other one" in text_of(at_view("pairs", *ids, a=best, b=others[0]))
    assert "every two of the runs" in text_of(at_view("pairs", *ids, a=others[0], b=others[1]))
    assert "p is not corrected" in text_of(at_view("pairs", *ids[:2]))


def test_two_runs_are_needed_to_meet(runs):
    assert "Select a second run" in _infos(at_view("pairs", runs["top 3"].id))


# --- how sure ---


def test_one_click_scales_the_temperature_and_another_takes_it_back(bench, plain_run):
    run = plain_run
    at = at_view("calibration", run.id)
    before = bench.registry.evaluation(run.id)
    at.button(key=f"compare.temperature.{run.id}").click().run()
    fitted = bench.calibration(run.id)
    assert not at.exception and fitted is not None
    assert f"temperature {fitted.temperature:.2f}" in text_of(at) and "→" in text_of(at)
    assert bench.registry.evaluation(run.id) == before
    at.button(key=f"compare.temperature.{run.id}").click().run()
    assert bench.calibration(run.id) is None and "→" not in text_of(at)


def test_the_page_says_what_scaling_leaves_alone(plain_run):
    said = text_of(at_view("calibration", plain_run.id))
    assert "accuracy do not change" in said and "Test photos are only used to measure" in said


def test_a_run_that_cannot_be_calibrated_says_why(runs):
    run = runs["top 3"]  # without answers for the validation photos
    at = at_view("calibration", run.id)
    at.button(key=f"compare.temperature.{run.id}").click().run()
    assert not at.exception and "validation photos" in at.error[0].value


def test_how_accurate_a_run_is_when_sure_is_read_off_without_a_slider(runs):
    at = at_view("coverage", runs["top 3"].id, runs["features"].id)
    assert {"≥ 50 %", "≥ 90 %", "≥ 99 %"} <= set(table_with(at, "≥ 90 %").columns)
    assert "with a confidence of 90" in text_of(at)


def test_prediction_sets_are_measured_on_the_test_photos(filled):
    """The runs of ``fill`` have 12 validation photos: enough for 90 %, too few for 95 %."""
    at = at_view("coverage", *[run.id for run in filled.with_status("FINISHED")])
    assert not at.exception and len(figures(at)) == 2
    sets = table_with(at, "At 95 %")
    assert len(sets) == 2 and set(sets["At 95 %"]) == {"too few photos"}
    assert sets["At 90 %"].str.fullmatch(r"\d+ % \(\d+–\d+\) · \d\.\d\d classes").all(), sets["At 90 %"].tolist()
    assert "confidence the prediction sets hold the true class for" in text_of(at)


def test_without_validation_predictions_the_view_says_what_prediction_sets_need(runs):
    at = at_view("coverage", runs["top 3"].id)
    assert not at.exception and "19 are needed for 95 % confidence" in _infos(at)


def test_the_thresholds_of_the_chosen_cascades_are_drawn(runs):
    at = at_view("thresholds", runs["confidence"].id, runs["top 3"].id)
    assert len(figures(at)) == 1 and "validation accuracy" in text_of(at)


def test_without_a_cascade_the_page_says_how_to_make_one(runs):
    at = at_view("thresholds", runs["features"].id, runs["top 3"].id)
    assert "None of these runs is a confidence cascade" in _infos(at)


# --- the map ---


def test_the_map_is_drawn_after_a_click_where_the_network_has_to_look_first(runs):
    at = at_view("map", runs["top 3"].id)
    assert not figures(at) and "has to process 12 test photos" in text_of(at)


def test_a_run_that_combines_others_has_a_map_at_once_and_the_chosen_photo_beside_it(bench, runs):
    run = runs["ensemble"]
    digest = read_predictions(run.id, "test", bench.settings).digests[0]
    at = at_view("map", run.id, cell=digest)
    assert len(figures(at)) == 1 and "Selected photo" in text_of(at)
    assert len([image for images in at.get("image") for image in images.proto.imgs]) == 1


def test_a_photo_of_the_map_can_be_chosen_from_a_list(bench, runs):
    predictions = read_predictions(runs["ensemble"].id, "test", bench.settings)
    at = at_view("map", runs["ensemble"].id)
    box = at.selectbox(key="compare.map_photo")
    assert box.value == "" and len(box.options) == 1 + len(predictions.digests)
    box.set_value(predictions.digests[0]).run()
    assert not at.exception and "Selected photo" in text_of(at)
    assert _in_url(at, "cell") == predictions.digests[0]


def _in_url(at, name: str) -> str:
    """What a widget wrote into the URL: AppTest gives it back as a list or as a text."""
    value = at.query_params[name]
    return value if isinstance(value, str) else value[-1]


def _infos(at) -> str:
    return "\n".join(info.value for info in at.info)
