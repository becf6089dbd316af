"""For every pattern: the saved model reproduces the evaluation, in Keras and in the files of the inference graph."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.photos import decode
from core.features import engines
from core.features.photo_pass import compute_rows
from core.features.views import View
from core.files.atomic import digest_of
from core.files.home import dataset_folder
from core.jobs.exit_policy import ExitCode
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import read_model
from core.recipes.hyperparameters import Adapter, Solver
from core.recipes.patterns import Cascade, Pattern
from core.runs.stages import OPTIMISING, STAGES
from core.training.fitting import Trainer
from tests.keras.training_bench import NUMBERS, OTHER, TRAINED
from tests.preprocessing_by_hand import network_input

pytestmark = pytest.mark.keras

FINE = replace(NUMBERS, head_epochs=2, depth=2, fine_tuning_rate=0.01)
CASCADE = {"pattern": Pattern.CASCADE}
PATTERNS = {
    "integrated_extractor": (replace(NUMBERS, hidden_units=4), {}),
    "integrated_extractor_below_the_top": (replace(NUMBERS, depth=1), {}),
    "classifier": (
        NUMBERS,
        {"pattern": Pattern.CLASSIFIER, "mapping": (("n12057211", "rose"), ("n11879895", "tulip"))},
    ),
    "standalone_extractor": (NUMBERS, {"pattern": Pattern.STANDALONE_EXTRACTOR}),
    "multi_layer_probe": (replace(NUMBERS, cuts=3), {"pattern": Pattern.MULTI_LAYER_PROBE}),
    "fine_tuning": (FINE, {"pattern": Pattern.FINE_TUNING}),
    **{
        f"parameter_efficient_{one}": (replace(FINE, adapter=one, rank=2), {"pattern": Pattern.PARAMETER_EFFICIENT})
        for one in Adapter
    },
    "weight_initialization": (NUMBERS, {"pattern": Pattern.WEIGHT_INITIALIZATION}),
    "from_scratch": (NUMBERS, {"pattern": Pattern.FROM_SCRATCH}),
    "fusion": (NUMBERS, CASCADE | {"cascade": Cascade.FUSION, "members": (OTHER.name,)}),
    "stacking": (NUMBERS, CASCADE | {"cascade": Cascade.STACKING, "members": ("r-member",)}),
}
MOST_PASSES = 20
"""Of two runs: one for each split and view."""
INPUTS = {"fusion": ["photo_0", "photo_1"], "stacking": ["photo_0", "photo_1"]}


def answered(bench, run_id: str, photos) -> np.ndarray:
    """The predictions of a run's model files, without TensorFlow."""
    files = read_model(bench.folder(run_id) / "model")
    graph = InferenceGraph(files.folder, files.node, classes=3)
    folder = dataset_folder(bench.settings, bench.dataset.id).path / "photos"
    return np.stack([graph(View((folder / f"{photo.digest}.jpg").read_bytes())) for photo in photos])


@pytest.mark.parametrize("name", PATTERNS)
def test_a_run_leaves_a_model_that_says_what_was_measured(name, full_bench, tiny_dataset):
    dataset, _, pixels_of = tiny_dataset
    numbers, recipe = PATTERNS[name]
    if name == "stacking":
        full_bench.train("r-member")
    run = full_bench.train("r-one", numbers, **recipe)
    for split in ("validation", "test"):
        photos = full_bench.registry.photos(dataset.id, split=split)
        stored = full_bench.answers("r-one", split)
        assert [str(digest) for digest in stored["digests"]] == [photo.digest for photo in photos]
        assert [dataset.class_names[label] for label in stored["labels"]] == [photo.class_name for photo in photos]
        np.testing.assert_allclose(answered(full_bench, "r-one", photos), stored["probabilities"], atol=2e-3)

    model = keras.models.load_model(full_bench.model_path("r-one"), safe_mode=True)
    raw = pixels_of(photos).astype(np.float32)
    names = INPUTS.get(name, ["photo"])
    assert [one.name for one in model.inputs] == names
    said = model.predict(raw if len(names) == 1 else [raw] * len(names), verbose=0)
    assert model.layers[-1].name == "head"
    np.testing.assert_allclose(said, stored["probabilities"], atol=2e-3)
    check_card(full_bench, run)


def check_card(bench, run) -> None:
    model, cost = bench.registry.model(run.id), bench.registry.cost(run.id)
    folder = bench.folder(run.id) / "model"
    card = json.loads((folder / "card.json").read_text())
    assert card == model.card
    assert card["class_names"] == ["daisy", "rose", "tulip"]
    assert card["dataset"]["digest"] == bench.dataset.digest
    assert card["recipe"] == run.recipe.to_dict() and card["fingerprint"] == run.fingerprint
    assert card["best_epoch"] == run.best_epoch and card["accuracy"] == run.test_accuracy and card["n"] == 9
    assert 0 <= card["validation"]["accuracy"] <= 1 and card["validation"]["loss"] > 0
    assert model.sha256 == digest_of(folder / "model.keras") == card["model"]["sha256"]
    assert {e["file"]: e["sha256"] for e in card["engines"]} == {
        path.name: digest_of(path) for path in folder.iterdir() if path.name not in ("model.keras", "card.json")
    }
    assert cost.model_bytes == model.size_bytes == (folder / "model.keras").stat().st_size
    assert cost.multiply_adds > 0 and cost.ms_per_photo > 0
    assert (cost.parameters_trainable > 0) is (run.recipe.pattern is not Pattern.CLASSIFIER)
    assert list(cost.stages) == [name for name in STAGES if name in cost.stages]  # in their order
    assert set(STAGES) - set(cost.stages) <= {OPTIMISING}
    assert not (folder / ".tmp").exists()


def test_a_probe_shares_the_features_of_every_cut_with_runs_of_one(full_bench, monkeypatch):
    full_bench.train("r-probe", replace(NUMBERS, cuts=3, views=1), pattern=Pattern.MULTI_LAYER_PROBE)
    monkeypatch.setattr(engines.Rendering, "__call__", lambda *_: pytest.fail("features were computed again"))
    for depth in (0, 1, 2):
        one = replace(NUMBERS, depth=depth, views=1)
        full_bench.train(f"r-{depth}", one, pattern=Pattern.STANDALONE_EXTRACTOR)
    monkeypatch.undo()
    cost = full_bench.registry.cost("r-probe")
    assert cost.parameters_trainable == 3 * (3 * 8) + 3
    whole, probe = (full_bench.registry.cost(name).multiply_adds for name in ("r-0", "r-probe"))
    assert probe >= whole


def test_a_probe_can_be_built_on(full_bench):
    full_bench.train("r-probe", replace(NUMBERS, cuts=2), pattern=Pattern.MULTI_LAYER_PROBE)
    run = full_bench.train("r-child", FINE, backbone="r-probe", pattern=Pattern.FINE_TUNING)
    assert full_bench.registry.model(run.id).card["parents"] == ["r-probe"]


def test_what_each_pattern_trains_is_counted(bench):
    head = 8 * 3 + 3
    conv, bn = 8 * 8 + 8, 2 * 8
    expected = {"fine_tuning": head + 2 * conv, "weight_initialization": head + 2 * conv + 8 * 27 + 8 + 3 * bn}
    for name, count in {"integrated_extractor_below_the_top": head, **expected}.items():
        numbers, recipe = PATTERNS[name]
        run = bench.train(f"r-{name}", replace(numbers, head_epochs=0, epochs=1), **recipe)
        assert bench.registry.cost(run.id).parameters_trainable == count, name


def best_at(monkeypatch, number: int) -> None:
    train = Trainer.run_epoch

    def run_epoch(self, epoch, attempt):
        return replace(train(self, epoch, attempt), val_loss=1.0 + abs(epoch - number))

    monkeypatch.setattr(Trainer, "run_epoch", run_epoch)


def test_the_model_was_saved_from_the_epoch_with_the_smallest_validation_loss(bench, monkeypatch):
    best_at(monkeypatch, 2)
    run = bench.train("r-one")
    assert run.best_epoch == 2
    model = keras.models.load_model(bench.model_path("r-one"), safe_mode=True)
    kernel = np.asarray(model.get_layer("head").get_layer("probabilities").kernel)
    kernels = {epoch: bench.state(run.id, epoch)[1] for epoch in (2, 4)}
    assert kernels[2].shape == kernel.shape
    assert np.array_equal(kernel, kernels[2]) and not np.array_equal(kernel, kernels[4])


@pytest.mark.parametrize(("best", "frozen"), [(2, True), (3, False)])
def test_the_best_epoch_is_kept_across_stages(best, frozen, full_bench, monkeypatch):
    """A best epoch of the head warm-up is saved with the network as it was before the upper blocks were trained."""
    best_at(monkeypatch, best)
    run = full_bench.train("r-one", FINE, pattern=Pattern.FINE_TUNING)
    assert run.best_epoch == best
    saved = keras.models.load_model(full_bench.model_path("r-one"), safe_mode=True)
    before = keras.models.load_model(full_bench.model_path(full_bench.train("r-two").id), safe_mode=True)
    kernels = [np.asarray(model.get_layer("head_conv").kernel) for model in (saved, before)]
    assert np.array_equal(*kernels) is frozen
    photos = full_bench.registry.photos(full_bench.dataset.id, split="test")
    said = answered(full_bench, "r-one", photos)
    np.testing.assert_allclose(said, full_bench.answers("r-one")["probabilities"], atol=2e-3)
    card = full_bench.registry.model("r-one").card
    assert card["answer"]["file"] == ("head.npz" if frozen else "head.tflite")


def test_fine_tuning_leaves_everything_below_the_cut_and_batch_normalisation_as_it_was(bench):
    bench.train("r-tuned", FINE, pattern=Pattern.FINE_TUNING)
    bench.train("r-frozen")
    tuned, frozen = (
        keras.models.load_model(bench.model_path(name), safe_mode=True) for name in ("r-tuned", "r-frozen")
    )
    for layer in frozen.layers[:-1]:
        if layer.weights:
            same = all(map(np.array_equal, layer.get_weights(), tuned.get_layer(layer.name).get_weights()))
            assert same is (layer.name not in ("block1_conv", "head_conv")), layer.name


def test_from_scratch_begins_from_other_weights_than_the_pretrained_network(bench):
    one_step = replace(NUMBERS, epochs=1, learning_rate=1e-7)
    for name, pattern in (("r-from", Pattern.FROM_SCRATCH), ("r-with", Pattern.WEIGHT_INITIALIZATION)):
        bench.train(name, one_step, pattern=pattern)
    bench.train("r-frozen")
    scratch, pretrained, frozen = (
        np.asarray(keras.models.load_model(bench.model_path(name)).get_layer("stem_conv").kernel)
        for name in ("r-from", "r-with", "r-frozen")
    )
    np.testing.assert_allclose(pretrained, frozen, atol=1e-4)
    assert np.abs(scratch - frozen).max() > 0.1


def test_a_finished_model_is_the_backbone_of_the_next_run(full_bench):
    full_bench.train("r-parent", FINE, pattern=Pattern.FINE_TUNING)
    for name, pattern in (("r-child", Pattern.INTEGRATED_EXTRACTOR), ("r-other", Pattern.FINE_TUNING)):
        run = full_bench.train(name, FINE, backbone="r-parent", pattern=pattern)
        card = full_bench.registry.model(run.id).card
        assert card["parents"] == ["r-parent"] and card["backbone"]["name"] == "r-parent"
    parent, child = (full_bench.registry.cost(name) for name in ("r-parent", "r-child"))
    assert child.alone_wall_seconds > child.wall_seconds + parent.alone_wall_seconds - 0.1
    photos = full_bench.registry.photos(full_bench.dataset.id, split="test")
    stored = full_bench.answers("r-child")["probabilities"]
    np.testing.assert_allclose(answered(full_bench, "r-child", photos), stored, atol=2e-3)


def test_what_builds_on_a_linear_solver_has_its_classifier_in_the_keras_model(full_bench):
    full_bench.train("r-member", pattern=Pattern.STANDALONE_EXTRACTOR)
    full_bench.train("r-one", **PATTERNS["stacking"][1])
    full_bench.train("r-two", backbone="r-member")
    model = keras.saving.load_model(full_bench.model_path("r-one"), safe_mode=True)
    assert [one.name for one in model.inputs] == ["photo_0", "photo_1"] and model.output.shape[-1] == 3


def test_stacking_on_a_run_that_answers_without_keras_leaves_its_files_and_no_keras_model(full_bench):
    neighbours = replace(NUMBERS, solver=Solver.K_NEAREST_NEIGHBOURS)
    full_bench.train("r-member", neighbours, pattern=Pattern.STANDALONE_EXTRACTOR)
    full_bench.train("r-one", **PATTERNS["stacking"][1])
    model = full_bench.registry.model("r-one")
    assert model.path.endswith("card.json") and model.card["model"] is None
    assert not (full_bench.folder("r-one") / "model" / "model.keras").exists()
    photos = full_bench.registry.photos(full_bench.dataset.id, split="test")
    stored = full_bench.answers("r-one")["probabilities"]
    np.testing.assert_allclose(answered(full_bench, "r-one", photos), stored, atol=2e-3)


@pytest.mark.parametrize("solver", Solver)
def test_every_solver_learns_on_the_features_of_all_views(solver, bench):
    run = bench.train("r-one", replace(NUMBERS, solver=solver), pattern=Pattern.STANDALONE_EXTRACTOR)
    card = bench.registry.model(run.id).card
    assert run.best_epoch is None and run.epochs_done == 0
    assert card["choice"]["chosen"] is not None
    assert run.test_accuracy > 0.5


@pytest.mark.parametrize("solver", Solver)
def test_model_keras_gives_the_stored_probabilities_from_the_original_file_and_the_card_alone(
    solver, full_bench, tiny_dataset
):
    """With Keras, Pillow and NumPy, as in a notebook; where the classifier is no network, it says so."""
    folder = dataset_folder(full_bench.settings, full_bench.dataset.id).path / "photos"
    originals = {path.stem: larger(path) for path in folder.glob("*.jpg")}
    for digest, original in originals.items():
        (folder / f"{digest}.jpg").write_bytes(decode(original).jpeg)
    run = full_bench.train("r-one", replace(NUMBERS, solver=solver), pattern=Pattern.STANDALONE_EXTRACTOR)
    card = json.loads((full_bench.folder(run.id) / "model" / "card.json").read_text())
    model = keras.saving.load_model(full_bench.model_path("r-one"), safe_mode=True)
    stored = full_bench.answers("r-one", "test")
    side = model.inputs[0].shape[1]
    raw = np.stack([network_input(originals[str(one)], side, card["preprocessing"]) for one in stored["digests"]])
    said = model.predict(raw.astype(card["preprocessing"]["input"]["dtype"]), verbose=0)
    if solver in (Solver.LOGISTIC_REGRESSION, Solver.LINEAR_SVM):
        assert card["model"]["output"] == "probabilities"
        np.testing.assert_allclose(said, stored["probabilities"], atol=1e-5)
    else:
        assert card["model"]["output"] == "features"
        assert model.layers[-1].name == "pool" and said.shape == (9, 8)


def larger(path: Path) -> bytes:
    """The photo as a camera would give it: large, turned by its EXIF orientation."""
    image = Image.open(path).resize((1200, 900), Image.Resampling.BICUBIC).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


def test_the_prefix_is_the_engine_file_itself_not_a_copy(bench):
    run = bench.train("r-one")
    engine = engines.engine_file(TRAINED, bench.settings).path
    assert (bench.folder(run.id) / "model" / "prefix.tflite").samefile(engine)


def test_curves_are_in_tensorboard_once_per_epoch_and_the_run_in_its_table(bench):
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    run = bench.train("r-one")
    board = EventMultiplexer().AddRunsFromDirectory(str(bench.folder(run.id) / "tensorboard")).Reload()
    for name in ("train", "validation"):
        assert [event.step for event in board.Tensors(name, "epoch_loss")] == [1, 2, 3, 4]
    losses = [event.tensor_proto.float_val[0] for event in board.Tensors("validation", "epoch_loss")]
    np.testing.assert_allclose(losses, [epoch.val_loss for epoch in bench.registry.epochs(run.id)], rtol=1e-6)
    table = board.Runs()["."]["tensors"]
    assert "_hparams_/session_start_info" in table and "test_accuracy" in table
    assert not board.Runs()["train"]["graph"]


@pytest.fixture
def passes(monkeypatch) -> list[str]:
    """The passes over photos that were made; a run fails where features that it stores are never found, and so computed
    again and again."""
    made: list[str] = []

    def counted(*arguments, **options):
        made.append("pass")
        if len(made) > MOST_PASSES:
            raise AssertionError(f"Features were computed {MOST_PASSES} times; what is stored is not found.")
        return compute_rows(*arguments, **options)

    monkeypatch.setattr("core.features.compute.compute_rows", counted)
    return made


def test_a_second_recipe_on_the_same_photos_computes_no_features(bench, passes):
    first = bench.train("r-one")
    made = list(passes)
    second = bench.train("r-two", replace(NUMBERS, hidden_units=4, label_smoothing=0.1))
    assert passes == made != []
    paid, alone = bench.registry.cost(second.id), bench.registry.cost(first.id)
    assert paid.alone_wall_seconds > paid.wall_seconds
    engine = engines.engine_file(TRAINED, bench.settings).cost.wall_seconds  # all that the first one reused
    assert alone.alone_wall_seconds - alone.wall_seconds == pytest.approx(engine, abs=0.05)
    assert paid.alone_wall_seconds - paid.wall_seconds > engine


def test_repetitions_compute_no_features_and_differ(bench, passes):
    several = replace(NUMBERS, views=3)
    first = bench.train("r-one", several)
    made = list(passes)
    second = bench.train("r-two", replace(several, seed=1))
    assert passes == made != []
    losses = [[epoch.val_loss for epoch in bench.registry.epochs(run.id)] for run in (first, second)]
    assert losses[0] != losses[1]


def test_patience_ends_a_run_early_and_an_extension_does_not_go_on(bench, monkeypatch):
    best_at(monkeypatch, 2)
    patient = replace(NUMBERS, epochs=9, patience=3)
    run = bench.train("r-one", patient)
    assert (run.epochs_done, run.best_epoch, run.reason) == (5, 2, "")
    longer = bench.train("r-more", replace(patient, epochs=20), extends="r-one")
    assert (longer.epochs_done, longer.best_epoch) == (5, 2)
    bench.add("r-tuned", replace(FINE, epochs=9, head_epochs=5, patience=2), pattern=Pattern.FINE_TUNING)
    tuned, code = bench.attempt()
    assert code == ExitCode.FINISHED and tuned.epochs_done == 7, "a head that has learned enough does not end the run"
