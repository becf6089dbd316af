"""Every way to use a network, on the pages that show what came of it."""

import re

import pytest

from core.runs.values import Status
from tests.pages.conftest import first_line, link_labels, text_of, visit
from tests.pattern_home import fill_patterns


@pytest.fixture
def tried(bench):
    return fill_patterns(bench)


def headings(at):
    return [element.value for element in at.header]


WAYS = [
    "top 3",
    "features",
    "as it is",
    "all layers",
    "fusion",
    "confidence",
    "on top",
    "lora",
    "probe",
    "distilled",
    "int8",
]


@pytest.mark.parametrize("name", WAYS)
def test_a_run_of_every_way_can_be_opened(bench, name):
    at = visit("runs", run=fill_patterns(bench, newer=True)[name].id)
    assert not at.exception and not at.error
    assert first_line(at).rpartition("]")[2].strip().partition("; ")[0].endswith("test accuracy")


def test_the_epoch_the_model_is_from_is_said_not_the_last(tried):
    assert "; best epoch 6 of 8." in first_line(visit("runs", run=tried["top 3"].id))


def test_what_trains_no_epochs_says_nothing_of_epochs(tried):
    at = visit("runs", run=tried["features"].id)
    assert "epoch" not in first_line(at) and not [c for c in at.get("plotly_chart") if "epoch" in c.proto.spec]


def test_the_stages_of_fine_tuning_are_shown(tried):
    at = visit("runs", run=tried["top 3"].id)
    stages = next(frame.value for frame in at.dataframe if "Stage" in frame.value)
    assert stages["Stage"].tolist() == ["head", "top 3 blocks"]
    assert stages["Epochs"].tolist() == ["1 to 3", "4 to 8"] and stages["Done"].tolist() == [3, 5]


def test_only_what_its_pattern_looks_at_is_listed_in_the_recipe(tried):
    at = visit("runs", run=tried["features"].id)
    recipe = next(frame.value for frame in at.dataframe if "Setting" in frame.value)
    said = dict(zip(recipe["Setting"], recipe["Value"], strict=True))
    assert said["Classifier"] == "Logistic regression" and "Epochs" not in said


def test_the_threshold_of_a_confidence_cascade_comes_with_its_whole_curve(tried):
    at = visit("runs", run=tried["confidence"].id)
    assert "Cascade threshold" in headings(at)
    assert "Passing on 21.0 % of the photos gives 93.0 % validation accuracy" in text_of(at).replace("\\", "")


def test_what_a_classic_classifier_chose_on_validation_is_shown(tried):
    at = visit("runs", run=tried["features"].id)
    assert "C \\= 1\\.0 was chosen by the loss" in text_of(at)


def test_classes_that_imagenet_does_not_know_are_shown(tried):
    at = visit("runs", run=tried["as it is"].id)
    assert "rose\\, sunflower and tulip" in at.warning[0].value


def test_parents_and_children_are_linked(tried):
    text = text_of(visit("runs", run=tried["top 3"].id)).replace("\\", "")
    assert "Used by" in text and tried["on top"].name in text and tried["ensemble"].name in text
    at = visit("runs", run=tried["ensemble"].id)
    assert "**Uses**" in text_of(at) and link_labels(at).count("Open") == 2


def test_doing_it_again_shows_the_difference_of_every_metric(tried):
    for name in ("top 3", "again"):
        at = visit("runs", run=tried[name].id)
        assert "Reproduction" in headings(at)
        differences = next(frame.value for frame in at.dataframe if "Difference" in frame.value)
        assert {"test accuracy", "test loss", "best epoch"} <= set(differences["Metric"])


def test_reproducing_starts_a_run_and_opens_it(bench, tried, started):
    at = visit("runs", run=tried["all layers"].id)
    at.button(key="run.reproduce").click().run()
    assert not at.exception
    (again,) = [run for run in bench.registry.runs() if run.reproduces == tried["all layers"].id]
    assert again.status is Status.SCHEDULED and again.recipe == tried["all layers"].recipe and started
    assert "has not finished yet" in text_of(visit("runs", run=again.id))


def test_repetitions_say_how_much_is_luck(bench, tried):
    at = visit("runs", run=bench.registry.runs(status=Status.FINISHED)[-1].id)
    assert not at.exception
    assert "Repetitions" not in headings(visit("runs", run=tried["features"].id))


def test_a_run_whose_parents_are_deleted_still_opens(bench, tried):
    for name in ("ensemble", "confidence", "on top", "again"):
        if name != "ensemble":
            bench.delete_runs([tried[name].id])
    bench.delete_runs([tried["features"].id])
    at = visit("runs", run=tried["ensemble"].id)
    assert not at.exception and not at.error
    assert "deleted" in text_of(at) and tried["features"].id in text_of(at).replace("\\", "")


def test_a_running_run_can_be_ended_after_its_epoch(bench, tried):
    running = bench.registry.runs(status=Status.RUNNING)[0]
    at = visit("runs", run=running.id).menu_button(key=f"stop.{running.id}").click("Finish after this epoch").run()
    assert not at.exception and bench.registry.run(running.id).cancel == "after_epoch"
    assert "Finishing after this epoch" in at.get("progress")[0].proto.text


# --- compare and models ---


def test_all_ways_are_compared_and_a_depth_sweep_is_drawn(tried):
    at = visit("compare", view="depths")
    assert not at.exception and not at.error and at.get("plotly_chart")
    assert "fine\\-tuning is most accurate with" in text_of(at)


def test_without_two_depths_there_is_no_depth_chart(filled):
    at = visit("compare", view="depths")
    assert not at.exception and len(at.get("plotly_chart")) == 1, "accuracy against cost, at the top of the page"


def test_long_names_are_cut_in_the_middle_and_can_still_be_told_apart(tried):
    ids = ",".join(tried[name].id for name in ("ensemble", "confidence", "from scratch"))
    at = visit("compare", runs=ids)
    names = at.dataframe[0].value["name"].tolist()
    assert not at.exception
    assert len(set(names)) == len(names) and any(name.startswith("Ensemble") and " … " in name for name in names)


def test_how_imagenet_was_read_is_a_line_per_class_before_the_whole_table(tried):
    at = visit("runs", run=tried["as it is"].id)
    summary = next(frame.value for frame in at.dataframe if "Examples" in frame.value)
    whole = next(frame.value for frame in at.dataframe if "Reason" in frame.value)
    assert summary["ImageNet classes"].sum() == len(whole) and {"rose", "tulip"} <= set(summary["Your class"])


def test_a_model_that_combines_others_can_be_taken_home(bench, tried):
    at = visit("models")
    at.pagination(key="models.page").set_value(1).run()
    assert not at.exception
    combined = bench.registry.model(tried["ensemble"].id)
    assert f"model.export.{combined.id}" in [button.key for button in at.button]


def test_lineage_of_a_model_names_what_it_is_made_of(tried):
    text = text_of(visit("models")).replace("\\", "")
    assert "from EfficientNet-Lite0, ImageNet weights, Apache-2.0 and EfficientNet-Lite1, ImageNet weights" in text
    assert re.search(rf"Combines the predictions of .*{tried['features'].id}\) and .*{tried['top 3'].id}\)", text)
    assert "Used by" in text


def test_newer_ways_stand_on_every_page_that_lists_runs(bench):
    tried = fill_patterns(bench, newer=True)
    assert tried["distilled"].name.startswith("Lite0 · distilled from Ensemble of ")
    assert tried["int8"].name.endswith(" · int8") and tried["int8"].recipe.members == (tried["features"].id,)
    for page in ("runs", "models", "compare", "overview", "train"):
        at = visit(page, dataset=tried["int8"].dataset_id)
        assert not at.exception and not at.error, page


def test_what_a_smaller_model_was_made_of_is_said(bench):
    tried = fill_patterns(bench, newer=True)
    settings = {}
    for name in ("distilled", "int8"):
        frames = [frame.value for frame in visit("runs", run=tried[name].id).dataframe if "Setting" in frame.value]
        settings[name] = dict(zip(frames[0]["Setting"], frames[0]["Value"], strict=True))
    assert settings["distilled"]["Teacher"].startswith("Ensemble of ") and "Lite0" in settings["distilled"]["Backbone"]
    assert settings["int8"]["Quantized model"].startswith(tried["features"].name)
    assert settings["int8"]["Precision"] == "int8"
    origin = text_of(visit("models", dataset=tried["int8"].dataset_id)).replace("\\", "")
    assert f"The model of {tried['features'].name} ({tried['features'].id}) in int8" in origin
    assert "calibrated on 56 training photos" in origin
