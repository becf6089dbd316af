"""Train: which recipes to try, and what they will cost."""

from dataclasses import replace

import pytest

from core.backbones import catalogue, get
from core.backbones.added import AddedBackbone
from core.files.home import added_folder, run_folder
from core.planning import kept_plans
from core.planning.decide import Decision
from core.planning.plan import Planner
from core.planning.presets import PRESETS, Preset
from core.recipes.hyperparameters import RELEVANT, Solver
from core.recipes.labels import CASCADES, OFFERED, PATTERNS, hyperparameter_label
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.recipes.program import depths
from core.registry.placement import KnownSlot
from core.runs.needs import RunNeeds, SlotResources
from core.runs.values import Status
from core.text.units import plain
from core.web.train.plans import DECISIONS
from core.workbench import Workbench
from tests.factories import fill, make_epochs
from tests.pages.conftest import first_line, link_labels, text_of, visit

FROZEN = Pattern.INTEGRATED_EXTRACTOR
LITE0, LITE1, LITE2 = (f"efficientnet_lite{number}" for number in range(3))


def customise(**query):
    return visit("train", start="custom", **query)


def tick(at, *patterns):
    """Tick patterns, as a visitor does: one after the other."""
    for pattern in patterns:
        at.checkbox(key=f"train.pattern.{pattern}").check().run()
    return at


def cells(at, name):
    """The ticked patterns of a backbone's row."""
    return at.button_group(key=f"train.cells.{name}").value


def backbones(at):
    """The names of the rows."""
    return [
        one.key.removeprefix("train.cells.") for one in at.get("button_group") if one.key.startswith("train.cells.")
    ]


def summary(at):
    return next(frame.value for frame in at.dataframe if "Plan" in frame.value)


def launch(at):
    return at.button(key="train.launch")


def said(at):
    return text_of(at).replace("\\", "")


def launched(bench):
    return {(run.recipe.backbone, run.recipe.pattern) for run in bench.registry.runs()}


@pytest.fixture
def flowers(bench):
    """A dataset without runs."""
    return fill(bench.registry, runs=0).dataset


def test_without_photos_the_page_leads_to_the_import(bench):
    at = visit("train")
    assert not at.exception and "Import photos" in link_labels(at)


# --- presets ---


def test_a_newcomer_finds_quick_chosen_and_one_click_launches_it(bench, flowers, started):
    at = visit("train", dataset=flowers.id)
    assert not at.exception and not at.error
    assert at.button_group(key="train.start").value == Preset.QUICK
    assert first_line(at).startswith("Plan\\: 3 runs\\, about")
    launch(at).click().run()
    assert launched(bench) == {
        (LITE0, Pattern.CLASSIFIER),
        (LITE0, Pattern.STANDALONE_EXTRACTOR),
        (LITE0, Pattern.INTEGRATED_EXTRACTOR),
    }
    assert [run.recipe.pattern for run in bench.registry.queue()][0] is Pattern.CLASSIFIER and len(started) == 1
    assert at.title[0].value == "Runs"


def test_every_preset_says_what_it_does_how_many_runs_and_how_long(flowers):
    text = said(visit("train"))
    for preset in Preset:
        assert PRESETS[preset].description in text
    assert text.count(" runs, about ") >= 1 + len(Preset)


@pytest.mark.parametrize("preset", Preset)
def test_the_first_line_the_bar_and_the_button_are_of_the_chosen_preset(bench, flowers, preset):
    at = visit("train", start=preset)
    plan = bench.grid_plan(flowers.id, preset)
    assert not at.exception and not at.error and not at.warning
    assert first_line(at).replace("\\", "") == f"Plan: {plan.sentence}."
    assert launch(at).label == f"Launch {len(plan.to_do)} runs" and len(summary(at)) == len(plan.rows)


def test_a_preset_is_kept_in_the_address(flowers):
    at = visit("train")
    at.button_group(key="train.start").set_value(Preset.THOROUGH).run()
    assert at.query_params["start"] == "thorough" and len(summary(at)) > 3


def test_with_finished_runs_everything_is_chosen_by_hand_at_first(filled):
    assert visit("train").button_group(key="train.start").value == "custom"


def test_what_a_preset_has_done_is_not_done_again(bench, flowers):
    launch(visit("train", dataset=flowers.id)).click().run()
    at = visit("train", dataset=flowers.id, start="quick")
    assert launch(at).label == "Show the runs" and first_line(at).startswith("Plan\\: no new runs")
    launch(at).click().run()
    assert len(bench.registry.runs()) == 3


def test_epochs_of_a_run_make_no_page_plan_again_and_its_end_does(bench, flowers, started, monkeypatch):
    monkeypatch.setattr(kept_plans, "FRESH_SECONDS", 1e12)
    launch(visit("train", dataset=flowers.id)).click().run()
    runs = [bench.registry.claim("cpu", "me") for _ in range(3)]
    visit("train", dataset=flowers.id, start="quick")
    planned, plan = [], Planner.plan
    monkeypatch.setattr(Planner, "plan", lambda self, recipe: planned.append(recipe) or plan(self, recipe))
    bench.registry.record_epoch(runs[2].id, 1, make_epochs(1)[0])
    at = visit("train", dataset=flowers.id, start="quick")
    assert launch(at).label == "Show the runs" and planned == []
    (run_folder(bench.settings, runs[2].id).checkpoints / "00001").mkdir(parents=True)
    bench.registry.end(runs[2].id, 1, Status.KILLED, "Stopped.")
    at = visit("train", dataset=flowers.id, start="quick")
    assert launch(at).label == "Launch 1 run" and "it goes on with epoch 2" in str(summary(at)["Reason"].tolist())


# --- patterns x backbones ---


def test_two_small_networks_and_the_frozen_way_are_ticked_to_begin_with(flowers):
    at = customise()
    assert not at.exception and not at.error
    ways = [box for box in at.checkbox if box.key.startswith("train.pattern.")]
    assert [box.label for box in ways if box.value] == [PATTERNS[FROZEN].title]
    assert cells(at, LITE0) == cells(at, LITE1) == [FROZEN] and cells(at, LITE2) == []
    assert launch(at).label == "Launch 2 runs"


def test_every_way_is_explained_in_a_sentence(flowers):
    text = text_of(customise())
    assert all(sentence in text for _, sentence in OFFERED.values())


def test_a_further_way_is_one_click_and_joins_for_the_ticked_networks(flowers):
    at = tick(customise(), Pattern.FINE_TUNING)
    assert not at.exception and not at.error
    assert cells(at, LITE0) == cells(at, LITE1) == [FROZEN, Pattern.FINE_TUNING] and cells(at, LITE2) == []
    assert launch(at).label == "Launch 4 runs"
    at.checkbox(key=f"train.pattern.{FROZEN}").uncheck().run()
    assert launch(at).label == "Launch 2 runs" and at.query_params["try"] == f"{LITE0}.f~{LITE1}.f"


def test_single_cells_are_ticked_in_the_row_of_their_backbone(bench, flowers):
    at = tick(customise(dataset=flowers.id), Pattern.FINE_TUNING)
    at.button_group(key=f"train.cells.{LITE0}").set_value([]).run()
    at.button_group(key=f"train.cells.{LITE2}").set_value([Pattern.FINE_TUNING]).run()
    launch(at).click().run()
    assert launched(bench) == {(LITE1, FROZEN), (LITE1, Pattern.FINE_TUNING), (LITE2, Pattern.FINE_TUNING)}


def test_the_row_says_what_the_plan_says_of_its_cells(flowers):
    at = tick(customise(), Pattern.FINE_TUNING)
    assert "Feature extraction: new, about " in said(at) and "Fine-tuning: new, about " in said(at)
    at = customise(**{"try": f"{LITE0}.i", "i.depth": "0~1~2"})
    assert "Feature extraction: 3 runs, about " in said(at)


def test_all_six_ways_of_one_network_can_be_launched_together(bench, flowers, started):
    single = list(OF_A_BACKBONE)
    at = tick(customise(dataset=flowers.id), *[pattern for pattern in single if pattern is not FROZEN])
    assert not at.exception and not at.error
    launch(at).click().run()
    assert launched(bench) == {(name, pattern) for name in (LITE0, LITE1) for pattern in single}
    assert len(started) == 1


def test_the_last_tick_of_a_pattern_takes_it_away(flowers):
    at = customise(**{"try": f"{LITE0}.if"})
    at.button_group(key=f"train.cells.{LITE0}").set_value([FROZEN]).run()
    assert not at.checkbox(key=f"train.pattern.{Pattern.FINE_TUNING}").value
    at.button_group(key=f"train.cells.{LITE0}").set_value([]).run()
    assert first_line(at) == "Plan: nothing is ticked. Tick at least one pattern and one backbone."
    assert launch(at).disabled and at.query_params["try"] == "none"
    assert launch(tick(at, Pattern.CLASSIFIER)).label == "Launch 2 runs"


def test_backbones_that_are_here_are_shown_and_the_others_found(flowers):
    at = customise()
    assert set(backbones(at)) == {LITE0, LITE1, LITE2, "mobilenet_v1", "squeezenet"}
    at.text_input(key="train.filter").input("mobilenet").run()
    assert "mobilenet_v2" in backbones(at) and LITE0 not in backbones(at)
    assert launch(at).label == "Launch 2 runs", "what is ticked stays ticked"
    at.text_input(key="train.filter").input("no such network").run()
    assert "No backbone matches" in text_of(at)


def test_the_filter_says_how_many_backbones_and_models_there_are(filled):
    finished = len(filled.with_status("FINISHED"))
    filter_ = customise().text_input(key="train.filter")
    assert filter_.placeholder == f"{len(catalogue())} backbones and {finished} models"


def test_all_backbones_are_shown_page_by_page(flowers):
    at = customise()
    at.button_group(key="train.kind").set_value("All").run()
    assert len(backbones(at)) == 8 and not at.exception
    assert at.get("pagination")


def test_a_ticked_backbone_is_shown_though_it_is_not_here(flowers):
    assert "mobilenet_v2" in backbones(customise(**{"try": "mobilenet_v2.i"}))


def test_what_is_not_known_of_your_models_is_left_out(filled):
    at = customise()
    at.button_group(key="train.kind").set_value("Your models").run()
    assert "● your model" in said(at) and "None" not in said(at)


def test_a_finished_model_can_be_the_next_backbone(filled):
    at = customise()
    at.button_group(key="train.kind").set_value("Your models").run()
    finished = {run.id for run in filled.with_status("FINISHED")}
    assert set(backbones(at)) == finished | {LITE0, LITE1}, "those with ticks are always shown"
    at = customise(**{"try": f"{min(finished)}.i"})
    assert not at.exception and not at.error and len(summary(at)) == 1


# --- hyperparameters ---


def test_launching_schedules_the_runs_with_the_chosen_numbers(bench, flowers, started):
    at = customise(dataset=flowers.id)
    at.number_input(key=f"train.epochs.{FROZEN}").set_value(3).run()
    assert at.query_params["i.epochs"] == "3"
    launch(at).click().run()
    runs = bench.registry.runs()
    assert {run.recipe.backbone for run in runs} == {LITE0, LITE1}
    assert all(run.status is Status.SCHEDULED and run.recipe.hyperparameters.epochs == 3 for run in runs)
    assert len(started) == 1


def test_a_number_that_is_the_default_again_leaves_the_address(bench, flowers):
    at = customise(**{"i.epochs": "3"})
    field = at.number_input(key=f"train.epochs.{FROZEN}")
    assert field.value == 3
    field.set_value(bench.defaults(flowers.id, FROZEN).epochs).run()
    assert "i.epochs" not in at.query_params


@pytest.mark.parametrize("pattern", [pattern for pattern in OFFERED if pattern is not Pattern.CLASSIFIER])
def test_every_number_a_way_looks_at_has_a_default_from_the_data_and_a_help(bench, flowers, pattern):
    at = tick(customise(), pattern) if pattern is not FROZEN else customise()
    usual, ending = bench.defaults(flowers.id, pattern, LITE0), f".{pattern}"
    fields = [*at.number_input, *at.selectbox, *at.checkbox, *at.multiselect]
    found = {field.key.split(".")[1]: field for field in fields if field.key and field.key.endswith(ending)}
    found.pop("pattern")
    of_the_backbone = {"input_size", "fit"} if pattern is not Pattern.CASCADE else set()
    of_tokens = {"pooling"}  # asked where a network of tokens is ticked
    assert set(found) == set(RELEVANT[pattern]) - of_the_backbone - of_tokens
    assert all(field.help for field in found.values())
    values = {name: field.value for name, field in found.items() if name != "depth"}
    own = values.pop("input_size", None)  # empty, with the backbones' own sizes in the field and in its help
    assert own is None and values == {name: getattr(usual, name) for name in values}
    if "depth" in found:
        assert (
            found["depth"].value == [usual.depth]
            and found["depth"].label == hyperparameter_label(pattern, "depth").title
        )


def test_the_own_and_a_larger_input_size_are_offered_beside_each_other(bench, flowers):
    at = customise()
    sizes = at.button_group(key=f"train.size.{LITE0}")
    assert sizes.options == ["224 px", "320 px"] and sizes.value == [0]
    sizes.set_value([0, 320]).run()
    assert at.query_params["size"] == f"{LITE0}.own~320" and launch(at).label == "Launch 3 runs"
    assert "Lite0 · 320 px · feature extraction" in summary(at)["Run"].tolist()
    at.button_group(key=f"train.size.{LITE0}").set_value([0]).run()
    assert "size" not in at.query_params


def test_another_input_size_is_typed(bench, flowers):
    at = customise()
    at.text_input(key=f"train.size.{LITE0}.other").set_value("288 px").run()
    assert at.button_group(key=f"train.size.{LITE0}").value == [0, 288]
    assert at.text_input(key=f"train.size.{LITE0}.other").value == ""
    at.text_input(key=f"train.size.{LITE0}.other").set_value("20").run()
    assert any("takes inputs of 32 to 768 px" in one.value.replace("\\", "") for one in at.markdown)


def test_every_fit_that_is_ticked_is_a_run(bench, flowers):
    at = customise()
    at.button_group(key="train.fit").set_value(["crop", "pad"]).run()
    assert at.query_params["fit"] == "crop~pad" and launch(at).label == "Launch 4 runs"


def test_repetitions_are_seeds_in_a_row(bench, flowers):
    at = customise(dataset=flowers.id)
    at.number_input(key="train.repeat").set_value(3).run()
    assert summary(at)["Seed"].tolist() == [0, 1, 2, 0, 1, 2] and at.query_params["repeat"] == "3"
    launch(at).click().run()
    assert sorted(run.recipe.hyperparameters.seed for run in bench.registry.runs()) == [0, 0, 1, 1, 2, 2]


def test_a_depth_sweep_is_one_switch(bench, flowers):
    at = customise(dataset=flowers.id, **{"try": f"{LITE0}.i"})
    at.toggle(key=f"train.depth.{FROZEN}.all").set_value(True).run()
    possible = depths(FROZEN, bench.backbone(LITE0).blocks)
    assert len(summary(at)) == len(possible) > 5 and at.query_params["i.depth"] == "all"
    at.toggle(key=f"train.depth.{FROZEN}.all").set_value(False).run()
    at.multiselect(key=f"train.depth.{FROZEN}").set_value([0, 3]).run()
    launch(at).click().run()
    assert {run.recipe.hyperparameters.depth for run in bench.registry.runs()} == {0, 3}


# --- the address ---


EVERYTHING = {
    "try": f"{LITE0}.is~{LITE2}.f",
    "i.epochs": "7",
    "s.solver": "linear_svm",
    "f.depth": "1~3",
    "f.class_weights": "true",
    "repeat": "2",
    "cascade": "fusion",
    "members": f"{LITE1}~{LITE2}",
    "map": "n12057211.tulip",
}


def test_a_shared_link_shows_everything_that_was_chosen(flowers):
    at = customise(dataset=flowers.id, **EVERYTHING)
    assert not at.exception and not at.error and not at.warning
    assert cells(at, LITE0) == [FROZEN, Pattern.STANDALONE_EXTRACTOR] and cells(at, LITE2) == [Pattern.FINE_TUNING]
    assert at.number_input(key=f"train.epochs.{FROZEN}").value == 7
    assert at.selectbox(key=f"train.solver.{Pattern.STANDALONE_EXTRACTOR}").value is Solver.LINEAR_SVM
    assert at.multiselect(key=f"train.depth.{Pattern.FINE_TUNING}").value == [1, 3]
    assert at.checkbox(key=f"train.class_weights.{Pattern.FINE_TUNING}").value
    assert at.multiselect(key="train.cascade.networks").value == [LITE1, LITE2]
    assert launch(at).label == "Launch 10 runs"  # 2 seeds x (frozen, SVM, 2 depths, fusion)


def test_a_click_keeps_the_rest_of_the_address(flowers):
    at = customise(dataset=flowers.id, **EVERYTHING)
    at.number_input(key=f"train.epochs.{FROZEN}").set_value(9).run()
    kept = {name: values if isinstance(values, str) else values[0] for name, values in at.query_params.items()}
    assert kept == {"dataset": flowers.id, "start": "custom", **EVERYTHING, "i.epochs": "9"}


def test_another_dataset_keeps_what_was_chosen_and_drops_the_mapping(bench, flowers):
    other = fill(bench.registry, runs=0, name="other", class_names=("cat", "dog")).dataset
    at = customise(dataset=flowers.id, **EVERYTHING)
    at.selectbox(key="train.dataset").set_value(other.id).run()
    assert at.query_params["dataset"] == other.id and "map" not in at.query_params and not at.warning
    assert cells(at, LITE2) == [Pattern.FINE_TUNING] and at.number_input(key=f"train.epochs.{FROZEN}").value == 7


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"start": "fast"}, "'start=fast' in the address is ignored. Expected one of: quick, thorough"),
        ({"i.epochs": "many"}, "'i.epochs=many' in the address is ignored. epochs must be a whole number"),
        ({"try": "r-00000000.i"}, "There is no backbone r-00000000, so its ticks in the address are ignored."),
        ({"cascade": "fusion", "members": f"{LITE0}~nothing~{LITE1}"}, "There is no backbone or run nothing"),
        ({"map": "n12057211.cat"}, "maps ImageNet classes in a way that does not suit flowers"),
    ],
)
def test_what_is_wrong_in_the_address_is_said_and_ignored(flowers, query, sentence):
    at = visit("train", **{"start": "custom", **query})
    assert not at.exception and not at.error
    assert [one for one in at.warning if sentence in one.value.replace("\\", "")], [one.value for one in at.warning]


def test_an_unknown_dataset_in_the_url_is_said_and_the_newest_taken(filled):
    at = visit("train", dataset="d-nothing")
    assert "no dataset" in at.warning[0].value
    assert at.selectbox(key="train.dataset").value == filled.dataset.id


# --- the plan ---


def test_the_summary_says_what_is_new_and_that_nothing_was_measured_yet(flowers):
    at = customise()
    assert summary(at)["Plan"].tolist() == ["○ new", "○ new"]
    assert (summary(at)["Expected time"] > 0).all()
    assert "nothing was measured on this machine yet" in text_of(at)


def test_every_decision_and_every_kind_of_cascade_has_its_words():
    assert set(DECISIONS) == set(Decision) and all(DECISIONS[decision].endswith(decision) for decision in Decision)
    assert set(CASCADES) == set(Cascade)


def test_what_is_known_can_be_trained_anew_with_the_next_seed(bench, flowers):
    launch(customise(dataset=flowers.id)).click().run()
    at = customise(dataset=flowers.id)
    assert launch(at).label == "Show the runs"
    at.toggle(key="train.force").set_value(True).run()
    assert launch(at).label == "Launch 2 runs" and at.query_params["force"] == "1"
    launch(at).click().run()
    assert sorted(run.recipe.hyperparameters.seed for run in bench.registry.runs()) == [0, 0, 1, 1]


def test_many_runs_are_confirmed_beside_the_button(flowers):
    at = customise(**{"try": f"{LITE0}.i~{LITE1}.i", "i.depth": "all", "repeat": "3"})
    assert "Launch that many at once?" in said(at) and launch(at).disabled
    [box for box in at.checkbox if box.label == "Launch anyway"][0].check().run()
    assert not at.exception and not launch(at).disabled


def test_a_very_large_grid_asks_before_it_is_planned(flowers):
    at = customise(**{"try": f"{LITE0}.if~{LITE1}.if", "i.depth": "all", "f.depth": "all", "repeat": "9"})
    assert launch(at).disabled and "planning them takes a while" in at.warning[0].value
    (box,) = [box for box in at.checkbox if box.key.startswith("train.many")]
    box.check().run()
    assert not at.exception and len(summary(at)) > 300


def test_a_number_out_of_bounds_is_refused_in_the_row_where_it_was_ticked(bench, flowers):
    at = customise(dataset=flowers.id)
    at.number_input(key=f"train.learning_rate.{FROZEN}").set_value(500.0).run()
    assert "Feature extraction**: learning_rate must be between" in said(at)
    assert launch(at).disabled and at.number_input(key=f"train.learning_rate.{FROZEN}").value == 500.0


def test_what_cannot_be_launched_is_said_in_full_and_the_rest_still_can(flowers):
    at = tick(customise(), Pattern.STANDALONE_EXTRACTOR)
    at.number_input(key=f"train.batch_size.{FROZEN}").set_value(4000).run()
    assert sorted(summary(at)["Plan"]) == ["○ new", "○ new", "✕ refused", "✕ refused"]
    assert said(at).count("at most as large as the training set") == 2 and "2 refused" in said(at)
    assert launch(at).label == "Launch 2 runs" and not launch(at).disabled
    at.checkbox(key=f"train.pattern.{Pattern.STANDALONE_EXTRACTOR}").uncheck().run()
    assert launch(at).disabled


def test_what_the_test_photos_allow_to_claim_is_said_before_training(flowers):
    assert "12 test photos: an accuracy has a 95 % interval such as 50 % (25–75)" in said(visit("train"))


# --- cascades ---


def with_cascade(kind, **query):
    return customise(**{"try": "none", "cascade": kind, **query})


def test_a_fusion_of_two_networks_is_launched(bench, flowers):
    at = with_cascade(Cascade.FUSION, dataset=flowers.id)
    assert not at.exception and not at.error
    launch(at).click().run()
    (run,) = bench.registry.runs()
    assert run.recipe.cascade is Cascade.FUSION
    assert run.recipe.backbones == (LITE0, LITE1)


def test_a_fusion_of_one_network_says_what_is_missing(flowers):
    at = with_cascade(Cascade.FUSION)
    at.multiselect(key="train.cascade.networks").set_value([LITE0]).run()
    assert not at.exception and "fusion needs two to nine backbones" in said(at) and launch(at).disabled
    at.multiselect(key="train.cascade.networks").set_value([]).run()
    assert at.multiselect(key="train.cascade.networks").value == [] and launch(at).disabled


def test_the_kind_of_a_cascade_is_one_click(flowers):
    at = tick(customise(), Pattern.CASCADE)
    at.button_group(key="train.cascade").set_value(Cascade.ENSEMBLE).run()
    assert at.query_params["cascade"] == "ensemble" and "two finished runs" in at.info[0].value


@pytest.mark.parametrize("kind", [Cascade.STACKING, Cascade.CONFIDENCE, Cascade.ENSEMBLE])
def test_what_combines_runs_says_so_when_there_is_none(flowers, kind):
    at = with_cascade(kind)
    assert not at.exception and "train first" in at.info[0].value


@pytest.mark.parametrize("kind", [Cascade.STACKING, Cascade.CONFIDENCE, Cascade.ENSEMBLE])
def test_finished_runs_work_together(filled, kind):
    at = with_cascade(kind)
    assert not at.exception and not at.error
    assert len(summary(at)) == 1 and not launch(at).disabled


def test_the_members_of_a_pair_are_kept_in_the_address(filled):
    at = with_cascade(Cascade.CONFIDENCE)
    cheap = at.selectbox(key="train.cascade.cheap")
    other = next(one.id for one in filled.with_status("FINISHED") if one.id != cheap.value)
    cheap.set_value(other).run()
    assert at.query_params["members"].startswith(other) and at.selectbox(key="train.cascade.costly").value != other
    assert len(summary(at)) == 1 and not at.exception


# --- the network as it is ---


def mapping_of(at):
    return next(frame.value for frame in at.dataframe if "Your class" in frame.value)


def classifier(**query):
    return customise(**{"try": f"{LITE0}.c", **query})


def test_the_mapping_of_imagenets_classes_is_shown_with_what_it_lacks(flowers):
    at = classifier()
    table = mapping_of(at)
    assert len(table) == 1000 and "daisy" in table["Your class"].tolist()
    assert "daisy 1" in text_of(at) and "tulip 0" in text_of(at)
    assert text_of(at).count("will never be predicted") == 1


def test_a_name_of_several_meanings_is_a_question_above_the_table(bench):
    fill(bench.registry, runs=0, class_names=("cats", "cranes", "oranges"))
    cranes = [row for row in classifier().warning if "cranes" in row.value]
    assert not cranes, "cats decide: the bird"
    fill(bench.registry, runs=0, class_names=("cranes", "oranges"), name="other")
    asked = [row.value.replace("\\", "") for row in classifier().warning]
    assert any("crane (lifting device) or crane (wading bird)" in one for one in asked)


def test_a_corrected_mapping_is_part_of_the_recipe(bench, flowers):
    at = classifier(dataset=flowers.id, map=["n11939491.", "n12057211.tulip"])
    assert "2 corrections of yours" in text_of(at)
    launch(at).click().run()
    assert {run.recipe.mapping for run in bench.registry.runs()} == {(("n11939491", ""), ("n12057211", "tulip"))}


def test_corrections_can_be_forgotten(flowers):
    at = classifier(map="n12057211.tulip")
    assert "tulip" in mapping_of(at)["Your class"].tolist()
    at.button(key="train.mapping.undo").click().run()
    assert not at.exception and "tulip" not in mapping_of(at)["Your class"].tolist() and "map" not in at.query_params


# --- texts of a zero-shot classifier ---


def texts_of(at):
    found = next(frame.value for frame in at.dataframe if "Text" in frame.value)
    return found.set_index("Your class")["Text"].to_dict()


@pytest.fixture
def clip(bench):
    """A backbone with a network for texts that somebody added."""
    backbone = replace(
        get(LITE0), name="clip", title="CLIP B/32", short=None, family="CLIP", source="hub:a/clip@0", classes=False,
        text_tower=True,
    )  # fmt: skip
    added_folder(bench.settings, "clip").mkdir(parents=True)
    bench.registry.add_backbone(AddedBackbone(backbone=backbone, files=(), added_at=1.0))
    return backbone


def test_every_class_has_a_text_that_can_be_changed_in_the_address(bench, flowers, clip):
    at = customise(**{"dataset": flowers.id, "try": "clip.c"})
    assert texts_of(at)["tulip"] == "a photo of a tulip." and "Map ImageNet classes" not in text_of(at)
    at = customise(**{"dataset": flowers.id, "try": "clip.c", "text": ["=the {}", "tulip=a tulip|tulips"]})
    assert texts_of(at) == {name: f"the {name}" for name in flowers.class_names} | {"tulip": "a tulip | tulips"}
    launch(at).click().run()
    assert {run.recipe.prompts for run in bench.registry.runs()} == {(("", "the {}"), ("tulip", "a tulip|tulips"))}


def test_texts_can_be_discarded_and_a_template_without_a_place_is_said(flowers, clip):
    at = customise(**{"dataset": flowers.id, "try": "clip.c", "text": "=no place"})
    assert any("needs {}" in row.value.replace("\\", "") for row in at.warning) and launch(at).disabled
    at.button(key="train.prompts.undo").click().run()
    assert not at.exception and "text" not in at.query_params and texts_of(at)["tulip"] == "a photo of a tulip."


# --- remedies ---


def remedies(at):
    return [button for button in at.button if button.key and button.key.startswith("train.remedy.")]


def test_what_is_refused_has_a_remedy_that_one_click_applies(bench, flowers):
    at = customise(dataset=flowers.id, **{"try": f"{LITE0}.f", "f.epochs": "8", "f.head_epochs": "8"})
    assert launch(at).disabled
    (shorter,) = [one for one in remedies(at) if one.label.replace("\\", "") == "Shorten head warm-up to 2 epochs"]
    shorter.click().run()
    assert not remedies(at) and not launch(at).disabled and at.query_params["f.head_epochs"] == "2"
    assert at.number_input(key=f"train.head_epochs.{Pattern.FINE_TUNING}").value == 2
    launch(at).click().run()
    assert [run.recipe.hyperparameters.head_epochs for run in bench.registry.runs()] == [2]


def test_a_remedy_of_an_impossible_number_sets_a_possible_one(flowers):
    at = customise(**{"try": f"{LITE0}.i~{LITE1}.s", "i.learning_rate": "500"})
    assert launch(at).label == "Launch 1 run"
    remedies(at)[0].click().run()
    assert float(at.query_params["i.learning_rate"]) <= 10


def test_a_remedy_keeps_the_rest_of_the_choice(flowers):
    at = customise(dataset=flowers.id, **EVERYTHING, **{"i.batch_size": "4000"})
    (one,) = remedies(at)
    one.click().run()
    kept = {name: values if isinstance(values, str) else values[0] for name, values in at.query_params.items()}
    assert {name: kept[name] for name in EVERYTHING} == EVERYTHING and kept["i.batch_size"] != "4000"
    assert not remedies(at) and launch(at).label == "Launch 10 runs"


def test_a_cascade_of_one_member_is_completed_by_a_click(flowers):
    at = customise(**{"try": "none", "cascade": "fusion", "members": LITE0})
    (add,) = remedies(at)
    assert add.label.startswith("Add EfficientNet")
    add.click().run()
    assert launch(at).label == "Launch 1 run" and at.query_params["members"].startswith(f"{LITE0}~")


def test_a_steep_rate_is_asked_beside_the_button_with_its_remedy(flowers):
    at = customise(**{"try": f"{LITE0}.i", "i.learning_rate": "0.5"})
    assert launch(at).disabled and "100 times the usual" in said(at)
    (smaller,) = remedies(at)
    smaller.click().run()
    assert not launch(at).disabled and float(at.query_params["i.learning_rate"]) == 0.001


# --- added backbones, and what a backbone does not allow ---


@pytest.fixture
def tiny(bench, flowers):
    """A frozen ONNX network without classes."""
    backbone = replace(
        get(LITE0), name="tiny", title="Tiny", short=None, source="onnx_file:net.onnx", classes=False, trainable=False
    )
    bench.registry.add_backbone(AddedBackbone(backbone=backbone, files=(), added_at=1.0))
    added_folder(bench.settings, "tiny").mkdir(parents=True)
    return backbone


def offered(at, name: str) -> list[str]:
    return list(at.button_group(key=f"train.cells.{name}").options)


def test_a_pattern_that_a_backbone_does_not_allow_is_not_offered_and_the_reason_said(tiny):
    at = customise(**{"try": f"{LITE0}.ifc~tiny.i"})
    assert offered(at, LITE0) == ["Feature extraction", "Fine-tuning", "Pretrained classifier"]
    assert offered(at, "tiny") == ["Feature extraction"]
    text = text_of(at).replace("\\", "")
    assert "Not possible. Fine-tuning: Tiny is an ONNX network" in text
    assert "Pretrained classifier: Tiny has no ImageNet classifier" in text


def test_a_refused_pattern_that_is_ticked_can_be_unticked(tiny):
    at = customise(**{"try": "tiny.if"})
    assert offered(at, "tiny") == ["Feature extraction", "Fine-tuning"]
    assert cells(at, "tiny") == [FROZEN, Pattern.FINE_TUNING]


def test_added_backbones_are_a_group_of_their_own(tiny):
    at = customise()
    at.button_group(key="train.kind").set_value("Added").run()
    assert "tiny" in backbones(at) and LITE2 not in backbones(at)


def test_without_added_backbones_there_is_no_such_group(flowers):
    assert list(customise().button_group(key="train.kind").options) == ["Ready to use", "All"]


def test_every_backbone_of_the_grid_has_a_link_to_its_page(flowers):
    at = customise()
    assert "**EfficientNet\\-Lite0**" in link_labels(at) and "Compare all backbones" in link_labels(at)


# --- what the machine must have ---


def slot(name, gigabytes):
    resources = SlotResources(gpus=1, gpu_kinds=("NVIDIA A10",), gpu_bytes=gigabytes * 10**9, cpus=8)
    return KnownSlot(name=name, title=name, resources=resources)


def test_where_all_slots_are_alike_nothing_is_asked_about_them(bench, filled):
    assert not [box for box in visit("train").selectbox if box.key == "train.needs.device"]
    bench.registry.note_slots([slot("GPU-0", 24), slot("GPU-1", 24)])
    assert not [box for box in visit("train").selectbox if box.key == "train.needs.device"]


def test_where_slots_differ_the_launch_needs_what_was_chosen(bench, filled, monkeypatch):
    bench.registry.note_slots([slot("GPU-0", 24), slot("GPU-1", 80)])
    asked = []
    monkeypatch.setattr(Workbench, "launch_grid", lambda self, plan, needs: asked.append(needs) or [])
    at = visit("train")
    at.number_input(key="train.needs.gpu").set_value(40).run()
    assert plain("1 of 2 slots fits.") in text_of(at)
    at.button(key="train.launch").click().run()
    assert asked == [RunNeeds(gpu_bytes=40 * 10**9)]
