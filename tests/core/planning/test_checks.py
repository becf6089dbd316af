"""Bad input gets an answer before anything is spent."""

from dataclasses import replace

import pytest

from core.backbones import Availability, get, weights
from core.backbones.added import AddedBackbone
from core.backbones.table import rows
from core.files.home import added_folder, dataset_folder, run_folder
from core.planning import checks
from core.planning.decide import Decision, Level
from core.recipes.grid import GridChoice
from core.recipes.hyperparameters import Adapter, Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Status
from core.text.units import count
from tests.choices import cascade, recipes
from tests.factories import fill, make_dataset, make_photos

LITE0 = "efficientnet_lite0"


def sentences(plan, level=None):
    return " ".join(concern.sentence for concern in plan.concerns if level in (None, concern.level))


def test_an_ordinary_recipe_raises_no_question(planned):
    plan = planned()
    assert plan.decision is Decision.NEW and not sentences(plan, Level.ASK)


def test_a_dataset_that_came_with_a_model_has_no_photos_to_learn_from(planned, filled, settings):
    for path in dataset_folder(settings, filled.dataset.id).photos.glob("*.jpg"):
        path.unlink()
    plan = planned()
    assert plan.decision is Decision.REFUSED
    assert "are not here: it came with a model of another Graft. Import the same photos first." in plan.because


# --- parameter-efficient fine-tuning ---


def test_how_much_is_trained_besides_the_head_is_said(planned):
    said = sentences(planned(Pattern.PARAMETER_EFFICIENT, depth=2, rank=4), Level.NOTE)
    assert "LoRA of rank 4 in the top 2 blocks of EfficientNet-Lite0" in said
    pointwise = (192 + 1152) + (1152 + 320) + (320 + 1280)
    assert f"{count(4 * pointwise, 'parameter')} of 3 layers are trained" in said


def test_nothing_to_train_is_refused_with_what_could_be_trained_instead(planned):
    plan = planned(Pattern.PARAMETER_EFFICIENT, backbone="squeezenet", adapter=Adapter.NORM)
    assert plan.decision is Decision.REFUSED and "(0 adapted layers)" in plan.because
    assert [remedy.label for remedy in plan.remedies] == [
        "Set trained parts to LoRA",
        "Set trained parts to Biases (BitFit)",
    ]


def test_fine_tuning_of_a_top_block_without_weights_is_refused_and_the_first_depth_that_trains_is_offered(
    planned, monkeypatch
):
    row = get("squeezenet")
    monkeypatch.setitem(rows(), "squeezenet", replace(row, block_parameters=(*row.block_parameters[:-2], 0, 0)))
    plan = planned(Pattern.FINE_TUNING, backbone="squeezenet", depth=2)
    assert plan.decision is Decision.REFUSED and "The top 2 blocks of SqueezeNet 1.1 have no weights" in plan.because
    assert [remedy.label for remedy in plan.remedies] == ["Use 3 unfrozen blocks"]
    assert planned(Pattern.FINE_TUNING, backbone="squeezenet", depth=3).decision is Decision.NEW


def test_a_network_that_was_not_counted_is_not_refused(planned, monkeypatch):
    row = replace(get("squeezenet"), adaptable=())
    monkeypatch.setitem(rows(), "squeezenet", row)
    plan = planned(Pattern.PARAMETER_EFFICIENT, backbone="squeezenet", adapter=Adapter.NORM)
    assert plan.decision is Decision.NEW and "are trained besides" not in sentences(plan)


def test_a_batch_larger_than_the_training_set_is_refused_with_both_numbers(planned, filled):
    plan = planned(batch_size=512)
    assert plan.decision is Decision.REFUSED
    assert "batch_size=512" in plan.because and str(filled.dataset.split_sizes["train"]) in plan.because


@pytest.mark.parametrize("depth", [18, 400])
def test_a_cut_outside_the_network_is_refused_with_the_depths_there_are(planned, depth):
    plan = planned(depth=depth)
    assert plan.decision is Decision.REFUSED and "between 0 and 17" in plan.because


@pytest.mark.parametrize(("name", "rate"), [("learning_rate", 0.5), ("fine_tuning_rate", 0.01)])
def test_a_learning_rate_that_explodes_is_asked_about(planned, name, rate):
    plan = planned(Pattern.FINE_TUNING, **{name: rate})
    assert f"{name}={rate:g}" in sentences(plan, Level.ASK) and "diverge" in sentences(plan, Level.ASK)


def test_a_rate_the_pattern_does_not_look_at_is_nobodys_business(planned):
    assert "diverge" not in sentences(planned(fine_tuning_rate=0.5))


def test_classes_of_one_validation_photo_are_named(planned, filled):
    assert "daisy, rose, sunflower and tulip have at most one validation photo" in sentences(planned(), Level.NOTE)


def test_enough_validation_photos_are_nothing_to_mention(bench, registry):
    photos = make_photos(per_class=40)
    registry.add_dataset(make_dataset(photos, id="d-more", name="more"), photos)
    (plan,) = bench.plan("d-more", recipes(bench, "d-more", [LITE0], [Pattern.INTEGRATED_EXTRACTOR]))
    assert plan.concerns == ()


def test_weights_that_cannot_be_had_are_refused_unless_nothing_needs_them(planned, monkeypatch):
    monkeypatch.setattr(checks, "availability", lambda backbone, settings: Availability.NO_NETWORK)
    assert "no network" in planned().because
    assert planned(Pattern.FROM_SCRATCH).decision is Decision.NEW


def test_a_damaged_weights_file_is_refused_before_anything_is_launched(planned, tmp_path, monkeypatch):
    data = bytearray((weights.SHIPPED / "squeezenet.safetensors").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "squeezenet.safetensors").write_bytes(data)
    monkeypatch.setattr(weights, "SHIPPED", tmp_path)
    plan = planned(backbone="squeezenet")
    assert plan.decision is Decision.REFUSED and plan.remedies
    assert "squeezenet.safetensors is damaged (wrong checksum): restore it" in plan.because
    assert planned(Pattern.FROM_SCRATCH, "squeezenet").decision is not Decision.REFUSED  # it needs none


def test_what_is_known_already_needs_no_weights(bench, filled, monkeypatch):
    monkeypatch.setattr(checks, "availability", lambda backbone, settings: Availability.NO_NETWORK)
    (plan,) = bench.plan(filled.dataset.id, [filled.with_status(Status.FINISHED)[0].recipe])
    assert plan.decision is Decision.REUSED


# --- ImageNet's own classes ---


def test_classes_imagenet_does_not_know_are_named_not_hidden(planned):
    told = sentences(planned(Pattern.CLASSIFIER), Level.NOTE)
    assert "rose" in told and "tulip" in told and "daisy" not in told and "Correct the mapping" in told


def test_a_corrected_mapping_is_believed(bench, filled):
    rose_hip, (recipe,) = "n12620546", recipes(bench, filled.dataset.id, [LITE0], [Pattern.CLASSIFIER])
    (plan,) = bench.plan(filled.dataset.id, [replace(recipe, mapping=((rose_hip, "rose"),))])
    assert "rose" not in sentences(plan) and "tulip" in sentences(plan)
    (plan,) = bench.plan(filled.dataset.id, [replace(recipe, mapping=(("n00000000", "rose"),))])
    assert plan.decision is Decision.REFUSED and "n00000000" in plan.because


def test_a_name_of_two_meanings_is_asked_about_and_what_was_left_out_is_said(bench, registry):
    photos = make_photos(("cranes", "qxzv"), per_class=40)
    registry.add_dataset(make_dataset(photos, id="d-odd", name="odd"), photos)
    (recipe,) = recipes(bench, "d-odd", [LITE0], [Pattern.CLASSIFIER])
    (plan,) = bench.plan("d-odd", [recipe])
    assert "crane (lifting device) or crane (wading bird)" in sentences(plan, Level.ASK)
    assert "left out" not in sentences(plan)
    (plan,) = bench.plan("d-odd", [replace(recipe, mapping=(("n02012849", "cranes"),))])
    assert not sentences(plan, Level.ASK)


def test_a_network_that_knows_none_of_the_classes_cannot_answer_as_it_is(bench, registry):
    photos = make_photos(("qxzv", "wvuq"), per_class=40)
    registry.add_dataset(make_dataset(photos, id="d-odd", name="odd"), photos)
    (plan,) = bench.plan("d-odd", recipes(bench, "d-odd", [LITE0], [Pattern.CLASSIFIER]))
    assert plan.decision is Decision.REFUSED and "No class name matches" in plan.because


def test_a_model_of_ones_own_knows_no_imagenet_classes(bench, filled):
    own = filled.with_status(Status.FINISHED)[0].id
    (plan,) = bench.plan(filled.dataset.id, recipes(bench, filled.dataset.id, [own], [Pattern.CLASSIFIER]))
    assert plan.decision is Decision.REFUSED and "trained model without ImageNet classes" in plan.because


def test_a_size_that_the_network_cannot_take_is_refused_before_anything_is_spent(planned):
    plan = planned(input_size=20)
    assert plan.decision is Decision.REFUSED
    assert plan.because == "EfficientNet-Lite0 takes inputs of 32 to 768 px. Received: 20 px"


def test_a_classifier_with_weights_for_every_position_has_its_own_size_only(bench, registry, filled):
    choice = GridChoice(cells=(("vgg16", Pattern.CLASSIFIER),), sizes={"vgg16": (320,)})
    (plan,) = bench.plan(filled.dataset.id, bench.recipes(filled.dataset.id, choice))
    assert plan.decision is Decision.REFUSED and "its own size only. Received: 320 px" in plan.because


def test_a_larger_input_needs_more_time_disk_and_memory(planned):
    own, larger = (planned(Pattern.FINE_TUNING, input_size=size) for size in (0, 448))
    assert larger.fingerprint != own.fingerprint
    assert larger.disk_bytes > 3 * own.disk_bytes and larger.memory_bytes > own.memory_bytes
    assert larger.estimate_seconds > 1.4 * own.estimate_seconds


# --- what a cascade is made of ---


def test_a_cascade_of_one_model_is_refused(bench, filled):
    for kind, one in ((Cascade.FUSION, LITE0), (Cascade.ENSEMBLE, filled.with_status(Status.FINISHED)[0].id)):
        assert "needs two" in cascade(bench, filled.dataset.id, kind, [one]).because


def test_runs_that_are_not_finished_cannot_work_together(bench, filled):
    failed, finished = filled.with_status(Status.FAILED)[0], filled.with_status(Status.FINISHED)[0]
    ensemble = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=(finished.id, failed.id))
    (plan,) = bench.plan(filled.dataset.id, [ensemble])
    assert plan.decision is Decision.REFUSED and failed.id in plan.because


def test_models_of_different_datasets_cannot_be_an_ensemble(bench, filled, settings, registry):
    other = fill(registry, settings, runs=3, name="other", per_class=8)
    members = (filled.with_status(Status.FINISHED)[0].id, other.with_status(Status.FINISHED)[0].id)
    (plan,) = bench.plan(filled.dataset.id, [cascade(bench, filled.dataset.id, Cascade.ENSEMBLE, members)])
    assert plan.decision is Decision.REFUSED
    assert members[1] in plan.because and "other version 1" in plan.because and "flowers version 1" in plan.because


def test_answers_that_are_not_stored_any_more_are_missed_before_launching(bench, filled, settings):
    members = [run.id for run in filled.with_status(Status.FINISHED)][:2]
    (run_folder(settings, members[1]).path / "validation.npz").unlink()
    (plan,) = bench.plan(filled.dataset.id, [cascade(bench, filled.dataset.id, Cascade.ENSEMBLE, members)])
    assert plan.decision is Decision.REFUSED and members[1] in plan.because


def test_a_confidence_cascade_that_saves_nothing_says_so(bench, filled):
    by_cost = sorted(
        filled.with_status(Status.FINISHED), key=lambda run: bench.registry.cost(run.id).multiply_adds, reverse=True
    )
    dear, cheap = by_cost[0].id, by_cost[-1].id
    wrong, right = bench.plan(
        filled.dataset.id,
        [cascade(bench, filled.dataset.id, Cascade.CONFIDENCE, pair) for pair in ((dear, cheap), (cheap, dear))],
    )
    assert "saves nothing" in sentences(wrong) and "saves nothing" not in sentences(right)


def test_a_model_that_learned_from_test_photos_is_asked_about(bench, filled, registry):
    """The same photos in another split: what was learned from there is asked here."""
    parent = filled.with_status(Status.FINISHED)[0]
    turned = {"train": "test", "test": "train", "validation": "validation"}
    photos = [replace(photo, split=turned[photo.split]) for photo in registry.photos(filled.dataset.id)]
    registry.add_dataset(make_dataset(photos, id="d-turned", name="turned", digest="0" * 64), photos)
    recipe = Recipe(backbone=parent.id, hyperparameters=Hyperparameters(batch_size=4))
    (plan,) = bench.plan("d-turned", [recipe])
    learned = filled.dataset.split_sizes["train"]
    assert f"was trained on {learned} photos that are test photos here" in sentences(plan, Level.ASK)
    (at_home,) = bench.plan(filled.dataset.id, [recipe])
    assert "test photos here" not in sentences(at_home)


def zero_shot(bench, filled, *prompts):
    clip = replace(get("efficientnet_lite0"), name="clip", family="CLIP", source="hub:a/clip@0", classes=False,
                   text_tower=True)  # fmt: skip
    added_folder(bench.settings, "clip").mkdir(parents=True)
    bench.registry.add_backbone(AddedBackbone(backbone=clip, files=(), added_at=1.0))
    (recipe,) = recipes(bench, filled.dataset.id, ["clip"], [Pattern.CLASSIFIER], prompts=prompts)
    (plan,) = bench.plan(filled.dataset.id, [recipe])
    return plan


def test_texts_of_the_classes_need_no_mapping(bench, filled):
    assert zero_shot(bench, filled, ("tulip", "a tulip")).decision is Decision.NEW


def test_a_text_for_a_class_that_is_not_there_is_refused_with_those_there_are(bench, filled):
    plan = zero_shot(bench, filled, ("nothing", "a text"))
    assert plan.decision is Decision.REFUSED and "no class nothing to have a text. Choose from:" in plan.because


def test_texts_without_the_package_that_splits_them_are_refused_with_the_command(bench, filled, monkeypatch):
    monkeypatch.setattr("core.backbones.text_network.find_spec", lambda name: None)
    assert "make setup HUB=1" in zero_shot(bench, filled).because
