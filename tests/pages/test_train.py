"""Train: which recipes to try, and what they will cost."""

import pytest

from core.planning.decide import Decision
from core.recipes.labels import CASCADES, PATTERNS, hyperparameter_label
from core.recipes.program import depths
from core.recipes.recipe import RELEVANT, Cascade, Pattern
from core.runs.values import Status
from core.web.train.plans import DECISIONS
from tests.factories import fill
from tests.pages.conftest import link_labels, text_of, visit

FROZEN = Pattern.INTEGRATED_EXTRACTOR


def grid_of(at):
    return at.get("data_editor")[0].value if at.get("data_editor") else at.dataframe[0].value


def tick(at, *patterns):
    """Tick ways, as a visitor does: one after the other."""
    for pattern in patterns:
        at.checkbox(key=f"train.pattern.{pattern}").check().run()
    return at


def summary(at):
    return at.dataframe[-1].value


def launched(bench):
    return {(run.recipe.backbone, run.recipe.pattern) for run in bench.registry.runs()}


def test_without_photos_the_page_leads_to_the_import(bench):
    at = visit("train")
    assert not at.exception and "Import photos" in link_labels(at)


def test_two_small_networks_and_the_frozen_way_are_ticked_to_begin_with(filled):
    at = visit("train")
    assert not at.exception and not at.error
    ways = [box for box in at.checkbox if box.key.startswith("train.pattern.")]
    assert [box.label for box in ways if box.value] == [PATTERNS[FROZEN].title]
    ticked = grid_of(at)[grid_of(at)[FROZEN]]["Backbone"].tolist()
    assert ticked == ["EfficientNet-Lite0", "EfficientNet-Lite1"]
    assert at.button(key="train.launch").label == "Launch 2 runs"


def test_every_way_is_explained_in_a_sentence(filled):
    text = text_of(visit("train"))
    assert set(PATTERNS) == set(Pattern)
    assert all(sentence in text for _, sentence in PATTERNS.values())


def test_a_further_way_is_one_click_and_joins_for_the_ticked_networks(filled):
    at = tick(visit("train"), Pattern.FINE_TUNING)
    assert not at.exception and not at.error
    assert grid_of(at)[grid_of(at)[Pattern.FINE_TUNING]]["Backbone"].tolist() == [
        "EfficientNet-Lite0",
        "EfficientNet-Lite1",
    ]
    assert at.button(key="train.launch").label == "Launch 4 runs"
    at.checkbox(key=f"train.pattern.{FROZEN}").uncheck().run()
    assert at.button(key="train.launch").label == "Launch 2 runs"


def test_all_six_ways_of_one_network_can_be_launched_together(bench, started):
    dataset = fill(bench.registry, runs=0).dataset
    single = [pattern for pattern in Pattern if pattern is not Pattern.CASCADE]
    at = tick(visit("train", dataset=dataset.id), *[pattern for pattern in single if pattern is not FROZEN])
    assert not at.exception and not at.error
    at.button(key="train.launch").click().run()
    names = ("efficientnet_lite0", "efficientnet_lite1")
    assert launched(bench) == {(name, pattern) for name in names for pattern in single}
    assert len(started) == 1


def test_launching_schedules_the_runs_with_the_chosen_numbers(bench, started):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    at.number_input(key=f"train.epochs.{FROZEN}.{dataset.id}").set_value(3).run()
    at.button(key="train.launch").click().run()
    runs = bench.registry.runs()
    assert {run.recipe.backbone for run in runs} == {"efficientnet_lite0", "efficientnet_lite1"}
    assert all(run.status is Status.SCHEDULED and run.recipe.hyperparameters.epochs == 3 for run in runs)
    assert len(started) == 1


def test_after_launching_the_runs_are_shown(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    at.button(key="train.launch").click().run()
    assert not at.exception and at.title[0].value == "Runs"


@pytest.mark.parametrize("pattern", [pattern for pattern in Pattern if RELEVANT[pattern]])
def test_every_number_a_way_looks_at_has_a_default_from_the_data_and_a_help(bench, pattern):
    dataset = fill(bench.registry, runs=0).dataset
    at = tick(visit("train"), pattern) if pattern is not FROZEN else visit("train")
    usual, ending = bench.defaults(dataset.id, pattern, "efficientnet_lite0"), f".{pattern}.{dataset.id}"
    fields = [*at.number_input, *at.selectbox, *at.checkbox, *at.multiselect]
    found = {field.key.split(".")[1]: field for field in fields if field.key and field.key.endswith(ending)}
    assert set(found) == set(RELEVANT[pattern])
    assert all(field.help for field in found.values())
    values = {name: field.value for name, field in found.items() if name != "depth"}
    assert values == {name: getattr(usual, name) for name in values}
    if "depth" in found:
        assert (
            found["depth"].value == [usual.depth]
            and found["depth"].label == hyperparameter_label(pattern, "depth").title
        )


def test_a_number_out_of_bounds_is_one_sentence_and_nothing_is_launched(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train")
    at.number_input(key=f"train.learning_rate.{FROZEN}.{dataset.id}").set_value(500.0).run()
    assert "learning\\_rate must be between" in at.error[0].value
    assert at.button(key="train.launch").disabled and set(summary(at)["Plan"]) == {"✕ refused"}


def test_the_summary_says_what_is_new_and_that_nothing_was_measured_yet(bench):
    fill(bench.registry, runs=0)
    at = visit("train")
    assert summary(at)["Plan"].tolist() == ["○ new", "○ new"]
    assert (summary(at)["Expected time"] > 0).all()
    assert "nothing was measured on this machine yet" in text_of(at)


def test_every_decision_and_every_kind_of_cascade_has_its_words():
    assert set(DECISIONS) == set(Decision) and all(DECISIONS[decision].endswith(decision) for decision in Decision)
    assert set(CASCADES) == set(Cascade)


def test_what_is_waiting_already_is_not_launched_twice(bench):
    dataset = fill(bench.registry, runs=0).dataset
    visit("train", dataset=dataset.id).button(key="train.launch").click().run()
    at = visit("train", dataset=dataset.id)
    assert at.button(key="train.launch").label == "Show the runs" and "No new runs" in text_of(at)
    at.button(key="train.launch").click().run()
    assert len(bench.registry.runs()) == 2


def test_what_is_known_can_be_trained_anew_with_the_next_seed(bench):
    dataset = fill(bench.registry, runs=0).dataset
    visit("train", dataset=dataset.id).button(key="train.launch").click().run()
    at = visit("train", dataset=dataset.id)
    at.toggle(key="train.force").set_value(True).run()
    assert at.button(key="train.launch").label == "Launch 2 runs"
    at.button(key="train.launch").click().run()
    assert sorted(run.recipe.hyperparameters.seed for run in bench.registry.runs()) == [0, 0, 1, 1]


def test_repetitions_are_seeds_in_a_row(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    at.number_input(key="train.repeat").set_value(3).run()
    assert summary(at)["Seed"].tolist() == [0, 1, 2, 0, 1, 2]
    at.button(key="train.launch").click().run()
    assert sorted(run.recipe.hyperparameters.seed for run in bench.registry.runs()) == [0, 0, 1, 1, 2, 2]


def test_a_depth_sweep_is_one_switch(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    at.session_state["train.ticked"] = {("efficientnet_lite0", FROZEN)}
    at.toggle(key=f"train.depth.{FROZEN}.{dataset.id}.all").set_value(True).run()
    possible = depths(FROZEN, bench.backbone("efficientnet_lite0").blocks)
    assert len(summary(at)) == len(possible) > 5
    at.toggle(key=f"train.depth.{FROZEN}.{dataset.id}.all").set_value(False).run()
    at.multiselect(key=f"train.depth.{FROZEN}.{dataset.id}").set_value([0, 3]).run()
    at.button(key="train.launch").click().run()
    assert {run.recipe.hyperparameters.depth for run in bench.registry.runs()} == {0, 3}


def test_a_large_grid_asks_before_it_is_even_looked_at(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    for pattern in (FROZEN, Pattern.FINE_TUNING, Pattern.STANDALONE_EXTRACTOR):
        tick(at, pattern)
        at.toggle(key=f"train.depth.{pattern}.{dataset.id}.all").set_value(True).run()
    at.number_input(key="train.repeat").set_value(2).run()
    assert not [button for button in at.button if button.key == "train.launch"] and at.warning
    at.checkbox(key="train.many").check().run()
    assert at.button(key="train.launch").disabled
    [box for box in at.checkbox if box.label == "Launch anyway"][0].check().run()
    assert not at.exception and not at.button(key="train.launch").disabled


def test_another_backbone_can_be_ticked_and_survives_the_filter(bench):
    fill(bench.registry, runs=0)
    at = visit("train")
    at.session_state["train.ticked"] = {("efficientnet_lite2", FROZEN)}
    at.text_input(key="train.filter").input("lite1").run()
    assert at.button(key="train.launch").label == "Launch 1 run"
    assert summary(at)["Run"].str.startswith("EfficientNet-Lite2").all()


def test_a_filter_without_match_says_so(bench):
    fill(bench.registry, runs=0)
    at = visit("train")
    at.text_input(key="train.filter").input("no such network").run()
    assert "No backbone matches" in text_of(at)


def test_with_nothing_ticked_the_page_says_what_to_do(bench):
    fill(bench.registry, runs=0)
    at = visit("train")
    at.checkbox(key=f"train.pattern.{FROZEN}").uncheck().run()
    assert not at.exception and "Nothing is ticked" in text_of(at)


def test_an_unknown_dataset_in_the_url_is_said_and_the_newest_taken(filled):
    at = visit("train", dataset="d-nothing")
    assert "no dataset" in at.error[0].value
    assert at.selectbox(key="train.dataset").value == filled.dataset.id


# --- cascades ---


def with_cascade(kind, **query):
    at = tick(visit("train", **query), Pattern.CASCADE)
    at.checkbox(key=f"train.pattern.{FROZEN}").uncheck().run()
    at.segmented_control(key="train.cascade").set_value(kind).run()
    return at


def test_a_fusion_of_two_networks_is_launched(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = with_cascade(Cascade.FUSION, dataset=dataset.id)
    assert not at.exception and not at.error
    at.button(key="train.launch").click().run()
    (run,) = bench.registry.runs()
    assert run.recipe.cascade is Cascade.FUSION
    assert run.recipe.backbones == ("efficientnet_lite0", "efficientnet_lite1")


def test_a_fusion_of_one_network_says_what_is_missing(bench):
    fill(bench.registry, runs=0)
    at = with_cascade(Cascade.FUSION)
    at.multiselect(key="train.cascade.networks").set_value(["efficientnet_lite0"]).run()
    assert not at.exception and "at least two" in text_of(at)


@pytest.mark.parametrize("kind", [Cascade.STACKING, Cascade.CONFIDENCE, Cascade.ENSEMBLE])
def test_what_combines_runs_says_so_when_there_is_none(bench, kind):
    fill(bench.registry, runs=0)
    at = with_cascade(kind)
    assert not at.exception and "train first" in at.info[0].value


@pytest.mark.parametrize("kind", [Cascade.STACKING, Cascade.CONFIDENCE, Cascade.ENSEMBLE])
def test_finished_runs_work_together(filled, kind):
    at = with_cascade(kind)
    assert not at.exception and not at.error
    assert len(summary(at)) == 1 and at.button(key="train.launch")


# --- the network as it is ---


def mapping_of(at):
    return next(frame.value for frame in at.dataframe if "Your class" in frame.value)


def test_the_mapping_of_imagenets_classes_is_shown_with_what_it_lacks(bench):
    fill(bench.registry, runs=0)
    at = tick(visit("train"), Pattern.CLASSIFIER)
    table = mapping_of(at)
    assert len(table) == 1000 and "daisy" in table["Your class"].tolist()
    assert "daisy 1" in text_of(at) and "tulip 0" in text_of(at)
    assert text_of(at).count("will never be predicted") == 1


def test_a_name_of_several_meanings_is_a_question_above_the_table(bench):
    fill(bench.registry, runs=0, class_names=("cats", "cranes", "oranges"))
    cranes = [row for row in tick(visit("train"), Pattern.CLASSIFIER).warning if "cranes" in row.value]
    assert not cranes, "cats decide: the bird"
    fill(bench.registry, runs=0, class_names=("cranes", "oranges"), name="other")
    at = tick(visit("train"), Pattern.CLASSIFIER)
    said = [row.value.replace("\\", "") for row in at.warning]
    assert any("crane (lifting device) or crane (wading bird)" in one for one in said)


def test_a_corrected_mapping_is_part_of_the_recipe(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    at.session_state[f"train.mapping.{dataset.id}"] = {"n11939491": "", "n12057211": "tulip"}
    tick(at, Pattern.CLASSIFIER).checkbox(key=f"train.pattern.{FROZEN}").uncheck().run()
    assert "2 corrections of yours" in text_of(at)
    at.button(key="train.launch").click().run()
    assert {run.recipe.mapping for run in bench.registry.runs()} == {(("n11939491", ""), ("n12057211", "tulip"))}


def test_corrections_can_be_forgotten(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = visit("train", dataset=dataset.id)
    at.session_state[f"train.mapping.{dataset.id}"] = {"n12057211": "tulip"}
    tick(at, Pattern.CLASSIFIER).button(key="train.mapping.undo").click().run()
    assert not at.exception and "tulip" not in mapping_of(at)["Your class"].tolist()


def test_what_is_not_known_of_your_models_is_a_dash_not_none(filled):
    at = visit("train")
    at.segmented_control(key="train.kind").set_value("Your models").run()
    assert grid_of(at)["Top-1"].dtype == "float64" and grid_of(at)["Top-1"].isna().all()


def test_a_finished_model_can_be_the_next_backbone(filled):
    at = visit("train")
    at.segmented_control(key="train.kind").set_value("Your models").run()
    names = grid_of(at)["Backbone"].tolist()
    finished = {run.id for run in filled.with_status("FINISHED")}
    assert len(names) == len(finished) and all(any(run_id in name for run_id in finished) for name in names)
    at.session_state["train.ticked"] = {(min(finished), FROZEN)}
    at.run()
    assert not at.exception and not at.error and len(summary(at)) == 1


def test_what_cannot_be_launched_is_said_in_full_and_the_rest_still_can(bench):
    dataset = fill(bench.registry, runs=0).dataset
    at = tick(visit("train", dataset=dataset.id), Pattern.STANDALONE_EXTRACTOR)
    at.number_input(key=f"train.batch_size.{FROZEN}.{dataset.id}").set_value(4000).run()
    assert summary(at)["Plan"].tolist() == ["✕ refused", "○ new"] * 2
    assert "at most as large as the training set" in at.error[0].value
    assert at.button(key="train.launch").label == "Launch 2 runs" and not at.button(key="train.launch").disabled
    at.checkbox(key=f"train.pattern.{Pattern.STANDALONE_EXTRACTOR}").uncheck().run()
    assert at.button(key="train.launch").disabled and at.button(key="train.launch").label == "Nothing can be launched"


def test_what_the_test_photos_allow_to_claim_is_said_before_training(bench, filled):
    assert "12 test photos: accuracies will be known to about 50 % (25–75)" in text_of(visit("train")).replace("\\", "")
