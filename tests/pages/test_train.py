"""Train: what shall I try, and what will it cost?"""

import pytest

from core.planning import Decision
from core.recipes import Recipe
from core.runs import Status
from tests.factories import fill
from tests.pages.conftest import link_labels, text_of, visit


def test_without_photos_the_page_leads_to_the_import(bench):
    at = visit("train")
    assert not at.exception and "Import photos" in link_labels(at)


def test_two_small_networks_are_ticked_to_begin_with(filled):
    at = visit("train")
    assert not at.exception
    grid = at.data_editor[0].value if at.get("data_editor") else at.dataframe[0].value
    ticked = grid[grid["integrated_extractor"]]["Backbone"].tolist()
    assert ticked == ["EfficientNet-Lite0", "EfficientNet-Lite1"]
    assert at.button(key="train.launch").label == "Launch 2 runs"


def test_launching_schedules_the_runs_and_starts_a_supervisor(bench, started):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    at.number_input(key=f"train.epochs.{dataset.id}").set_value(3).run()
    at.button(key="train.launch").click().run()
    runs = bench.runs()
    assert {run.recipe.backbone for run in runs} == {"efficientnet_lite0", "efficientnet_lite1"}
    assert all(run.status is Status.SCHEDULED and run.recipe.hyperparameters.epochs == 3 for run in runs)
    assert len(started) == 1


def test_after_launching_the_runs_are_shown(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    at.button(key="train.launch").click().run()
    assert not at.exception and at.title[0].value == "Runs"


def test_every_hyperparameter_has_a_default_from_the_data_and_a_help(bench):
    dataset = fill(bench.registry, runs=0).dataset
    defaults = bench.defaults(dataset.id)
    fields = {field.key.split(".")[1]: field for field in visit("train").number_input}
    assert set(fields) == set(Recipe(backbone="x").to_dict()["hyperparameters"])
    assert all(fields[name].value == getattr(defaults, name) for name in fields)
    assert all(field.help for field in fields.values())


def test_a_number_out_of_bounds_is_one_sentence_and_nothing_is_launched(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train")
    at.number_input(key=f"train.learning_rate.{dataset.id}").set_value(500.0).run()
    assert "learning\\_rate must be between" in at.error[0].value
    assert not [button for button in at.button if button.key == "train.launch"]


def test_the_summary_says_what_is_new_and_that_nothing_was_measured_yet(bench):
    fill(bench.registry, runs=0)
    at = visit("train")
    summary = at.dataframe[-1].value
    assert summary["What happens"].tolist() == ["○ new", "○ new"]
    assert all(text.startswith("about ") for text in summary["Expected time"])
    assert "nothing was measured on this machine yet" in text_of(at)


@pytest.mark.parametrize(
    ("decision", "word"), [(d, w) for d, w in zip(Decision, ("reused", "resumed", "extended", "new"), strict=True)]
)
def test_every_decision_has_its_word(decision, word):
    from core.web.panels.train_panel import WORK

    assert WORK[decision].endswith(word)


def test_what_is_waiting_already_is_not_launched_twice(bench):
    dataset = fill(bench.registry, runs=0).dataset
    visit("train", dataset=dataset.id).button(key="train.launch").click().run()
    at = visit("train", dataset=dataset.id)
    assert at.button(key="train.launch").label == "Show the runs"
    at.button(key="train.launch").click().run()
    assert len(bench.runs()) == 2


def test_another_backbone_can_be_ticked_and_survives_the_filter(bench):
    fill(bench.registry, runs=0)
    at = visit("train")
    at.session_state["train.ticked"] = {("efficientnet_lite2", "integrated_extractor")}
    at.text_input(key="train.filter").input("lite1").run()
    assert at.button(key="train.launch").label == "Launch 1 run"
    assert at.dataframe[-1].value["Backbone"].tolist() == ["EfficientNet-Lite2"]


def test_a_filter_without_match_says_so(bench):
    fill(bench.registry, runs=0)
    at = visit("train")
    at.text_input(key="train.filter").input("no such network").run()
    assert "No backbone matches" in text_of(at)


def test_an_unknown_dataset_in_the_url_is_said_and_the_newest_taken(filled):
    at = visit("train", dataset="d-nothing")
    assert "no dataset" in at.error[0].value
    assert at.selectbox(key="train.dataset").value == filled.dataset.id
