"""A run from its claim to its model, with a network small enough to do it in seconds."""

import json
import shutil
import signal
import time
from dataclasses import asdict, replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.costs import Meter
from core.datasets.values import Dataset
from core.errors import GraftError
from core.features import engines
from core.features.engines import digest_of
from core.features.litert import LiteRTEngine
from core.jobs import exits
from core.recipes import Hyperparameters, Recipe, fingerprint
from core.runs import Cancel, Run, Status
from core.settings import Settings
from core.training import __main__ as trainer
from core.training import attempt, epochs, heads, saving
from core.training.checkpoints import Checkpoints
from core.training.fitting import Learnable, Trainer, best_of, view_of, views_needed
from core.training.ledger import Ledger
from core.training.stopping import Stop, Stopped
from tests.tiny import TINY, use_tiny

pytestmark = pytest.mark.keras

NUMBERS = Hyperparameters(epochs=5, batch_size=8, learning_rate=0.02, dropout=0.3, views=2, seed=3)


class Bench:
    """A registry with one dataset, and attempts at runs on it in this process."""

    def __init__(self, settings, registry, dataset: Dataset, photos):
        self.settings, self.registry, self.dataset = settings, registry, dataset
        registry.add_dataset(dataset, photos)

    def add(self, run_id: str, numbers: Hyperparameters = NUMBERS, extends: str | None = None) -> Run:
        recipe = Recipe(backbone=TINY.name, hyperparameters=numbers)
        print_ = fingerprint(recipe, dataset_digest=self.dataset.digest, weights_digest=TINY.weights_digest)
        return self.registry.add_run(
            Run(
                id=run_id,
                dataset_id=self.dataset.id,
                recipe=recipe,
                fingerprint=print_,
                name="Tiny",
                status=Status.SCHEDULED,
                extends=extends,
            )
        )

    def attempt(self, stop: Stop | None = None) -> tuple[Run, int]:
        """Claims the next run and trains it; (run, exit code)."""
        claimed = self.registry.claim("cpu", f"token-{time.monotonic()}")
        self.settings.run_dir(claimed.id).mkdir(parents=True, exist_ok=True)
        code = trainer.Attempt(
            claimed.id, claimed.attempt, settings=self.settings, registry=self.registry, stop=stop or Stop()
        ).go()
        return self.registry.run(claimed.id), code

    def train(self, run_id: str, numbers: Hyperparameters = NUMBERS, extends: str | None = None) -> Run:
        self.add(run_id, numbers, extends)
        run, code = self.attempt()
        assert code == exits.FINISHED, run.reason
        return run

    def folder(self, run_id: str):
        return self.settings.run_dir(run_id)

    def state(self, run_id: str, epoch: int) -> list[np.ndarray]:
        path = Checkpoints(self.folder(run_id) / "checkpoints").at(epoch).state
        with np.load(path) as state:
            return [state[name] for name in state.files]

    def figures(self, run_id: str) -> list[tuple]:
        return [(e.number, e.loss, e.accuracy, e.val_loss, e.val_accuracy) for e in self.registry.epochs(run_id)]

    def test_file(self, run_id: str) -> dict[str, np.ndarray]:
        with np.load(self.folder(run_id) / "test.npz", allow_pickle=False) as file:
            return dict(file)


@pytest.fixture(autouse=True)
def signals():
    """Finishing runs ignore SIGTERM; the process of the tests must not."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The tiny engine, exported once: it is the same in every test."""
    with pytest.MonkeyPatch.context() as patch:
        use_tiny(patch)
        return engines.engine_file(TINY, Settings(home=tmp_path_factory.mktemp("exported"))).parent


@pytest.fixture
def full_bench(monkeypatch, settings, registry, tiny_dataset, exported) -> Bench:
    """Runs leave everything a run leaves."""
    use_tiny(monkeypatch)
    shutil.copytree(exported, settings.features_dir / "engines")
    dataset, photos, _ = tiny_dataset
    return Bench(settings, registry, dataset, photos)


@pytest.fixture
def bench(full_bench, monkeypatch) -> Bench:
    """Runs leave no LiteRT head: for tests that look at training only, and are twice as fast without."""
    monkeypatch.setattr(saving, "_export_head", lambda *_: None)
    monkeypatch.setattr(attempt, "_time", lambda *_: 1.0)
    return full_bench


def same(one: list[np.ndarray], two: list[np.ndarray]) -> bool:
    return len(one) == len(two) and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


# --- what a run leaves ---


def test_a_finished_run_leaves_a_model_that_says_what_head_and_features_say(full_bench, tiny_dataset):
    dataset, photos, pixels_of = tiny_dataset
    run = full_bench.train("r-one")
    model = full_bench.registry.model(run.id)
    path = full_bench.settings.home / model.path
    test = full_bench.registry.photos(dataset.id, split="test")
    stored = full_bench.test_file(run.id)
    assert [str(digest) for digest in stored["digests"]] == [photo.digest for photo in test]

    end_to_end = keras.models.load_model(path, safe_mode=True)
    raw = pixels_of(test)
    np.testing.assert_allclose(
        end_to_end.predict(raw.astype(np.float32), verbose=0), stored["probabilities"], atol=1e-5
    )

    folder = path.parent
    quick = LiteRTEngine(folder / "head.tflite")(LiteRTEngine(folder / "prefix.tflite")(raw))
    np.testing.assert_allclose(quick, stored["probabilities"], atol=1e-5)
    assert not (folder / ".tmp").exists()


def test_the_model_was_saved_from_the_epoch_with_the_smallest_validation_loss(bench, monkeypatch):
    train = Trainer.run_epoch

    def best_at_two(self, number, attempt):
        return replace(train(self, number, attempt), val_loss=1.0 + abs(number - 2))

    monkeypatch.setattr(Trainer, "run_epoch", best_at_two)
    run = bench.train("r-one")
    assert run.best_epoch == 2
    model = keras.models.load_model(bench.settings.home / bench.registry.model(run.id).path, safe_mode=True)
    kernel = np.asarray(model.get_layer("head").get_layer("probabilities").kernel)
    kernels = {epoch: bench.state(run.id, epoch)[1] for epoch in (2, 5)}
    assert kernels[2].shape == kernel.shape
    assert np.array_equal(kernel, kernels[2]) and not np.array_equal(kernel, kernels[5])


def test_the_card_says_where_the_model_is_from(full_bench):
    run = full_bench.train("r-one")
    model, cost = full_bench.registry.model(run.id), full_bench.registry.cost(run.id)
    folder = full_bench.folder(run.id) / "model"
    card = json.loads((folder / "card.json").read_text())
    assert card == model.card
    assert card["class_names"] == ["daisy", "rose", "tulip"]
    assert card["dataset"]["digest"] == full_bench.dataset.digest
    assert card["recipe"] == run.recipe.to_dict()
    assert (card["epochs"], card["best_epoch"], card["input_size"]) == (5, run.best_epoch, 16)
    assert card["accuracy"] == run.test_accuracy and card["n"] == 9
    assert model.sha256 == digest_of(folder / "model.keras") == card["model"]["sha256"]
    assert {e["file"]: e["sha256"] for e in card["engines"]} == {
        name: digest_of(folder / name) for name in ("prefix.tflite", "head.tflite")
    }
    assert cost.model_bytes == model.size_bytes == (folder / "model.keras").stat().st_size
    assert cost.parameters_trainable == 8 * 3 + 3
    assert cost.multiply_adds > 0 and cost.ms_per_photo > 0
    assert list(cost.stages) == ["Loading", "Computing features", "Training", "Saving", "Measuring"]


def test_the_prefix_is_the_engine_file_itself_not_a_copy(bench):
    run = bench.train("r-one")
    engine = engines.engine_file(TINY, bench.settings)
    assert (bench.folder(run.id) / "model" / "prefix.tflite").samefile(engine)


def test_curves_are_in_tensorboard_once_per_epoch_and_the_run_in_its_table(bench):
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    run = bench.train("r-one")
    board = EventMultiplexer().AddRunsFromDirectory(str(bench.folder(run.id) / "tensorboard")).Reload()
    for name in ("train", "validation"):
        assert [event.step for event in board.Tensors(name, "epoch_loss")] == [1, 2, 3, 4, 5]
    losses = [event.tensor_proto.float_val[0] for event in board.Tensors("validation", "epoch_loss")]
    np.testing.assert_allclose(losses, [epoch.val_loss for epoch in bench.registry.epochs(run.id)], rtol=1e-6)
    table = board.Runs()["."]["tensors"]
    assert "_hparams_/session_start_info" in table and "test_accuracy" in table
    assert not board.Runs()["train"]["graph"]


def test_a_second_recipe_on_the_same_photos_computes_no_features(bench, monkeypatch):
    first = bench.train("r-one")
    monkeypatch.setattr("core.features.compute._compute", lambda *_: pytest.fail("computed again"))
    second = bench.train("r-two", replace(NUMBERS, hidden_units=4, label_smoothing=0.1))
    paid, alone = bench.registry.cost(second.id), bench.registry.cost(first.id)
    assert paid.alone_wall_seconds > paid.wall_seconds
    engine = engines.obtain_engine(TINY, bench.settings).cost.wall_seconds  # the only thing the first one found
    assert alone.alone_wall_seconds - alone.wall_seconds == pytest.approx(engine, abs=0.05)
    assert paid.alone_wall_seconds - paid.wall_seconds > engine


# --- stopping and going on ---


class StopsAfter(Stop):
    """A SIGTERM in the middle of the epoch after ``epochs``: 42 photos in batches of 8 are six."""

    def __init__(self, epochs: int):
        super().__init__()
        self.batches = 6 * epochs + 3
        self.training = False

    def check(self):
        if self.training:
            self.batches -= 1
        if self.batches < 0:
            raise Stopped


def stop_after(monkeypatch, count: int) -> Stop:
    stop = StopsAfter(count)
    original = epochs.Epochs.train

    def train(self, inputs):
        stop.training = True
        return original(self, inputs)

    monkeypatch.setattr(epochs.Epochs, "train", train)
    return stop


def test_a_run_stopped_in_epoch_three_and_resumed_is_the_uninterrupted_run(bench, monkeypatch):
    bench.train("r-whole")
    bench.add("r-cut")
    with monkeypatch.context() as patch:
        run, code = bench.attempt(stop_after(patch, 2))
    assert code == exits.INTERRUPTED and run.status is Status.RUNNING
    assert run.epochs_done == 2, "a half epoch must not be recorded"
    bench.registry.requeue(run.id, run.attempt)
    run, code = bench.attempt()
    assert code == exits.FINISHED and run.attempt == 2
    assert [epoch.attempt for epoch in bench.registry.epochs(run.id)] == [1, 1, 2, 2, 2]
    assert bench.figures("r-cut") == bench.figures("r-whole")
    assert same(bench.state("r-cut", 5), bench.state("r-whole", 5))
    assert np.array_equal(bench.test_file("r-cut")["probabilities"], bench.test_file("r-whole")["probabilities"])


def test_without_the_random_state_of_dropout_a_resumed_run_would_be_another(bench, monkeypatch):
    """The test above can fail: this is what it would see."""
    bench.train("r-whole")
    bench.add("r-cut")
    with monkeypatch.context() as patch:
        run, _ = bench.attempt(stop_after(patch, 2))
    bench.registry.requeue(run.id, run.attempt)
    read = heads.read_state

    def forgetful(model, path):
        before = [np.asarray(v) for v in model.variables if "seed" in v.path]
        read(model, path)
        for variable, value in zip([v for v in model.variables if "seed" in v.path], before, strict=True):
            variable.assign(value)

    monkeypatch.setattr(heads, "read_state", forgetful)
    bench.attempt()
    assert not same(bench.state("r-cut", 5), bench.state("r-whole", 5))


def test_five_epochs_extended_to_ten_are_ten_epochs(bench):
    ten = replace(NUMBERS, epochs=10)
    bench.train("r-ten", ten)
    bench.train("r-five")
    extended = bench.train("r-more", ten, extends="r-five")
    assert bench.figures("r-more") == bench.figures("r-ten")
    assert same(bench.state("r-more", 10), bench.state("r-ten", 10))
    assert extended.best_epoch == bench.registry.run("r-ten").best_epoch
    assert bench.registry.cost("r-more").alone_wall_seconds > bench.registry.cost("r-more").wall_seconds


def test_an_extension_whose_parent_was_deleted_begins_anew(bench):
    bench.train("r-five")
    bench.add("r-more", replace(NUMBERS, epochs=6), extends="r-five")
    for checkpoint in (bench.folder("r-five") / "checkpoints").rglob("*.npz"):
        checkpoint.unlink()
    run, code = bench.attempt()
    assert code == exits.FINISHED and run.epochs_done == 6


def test_a_kill_between_checkpoint_and_registry_loses_no_epoch(bench, monkeypatch):
    bench.train("r-whole")
    bench.add("r-cut")
    record = bench.registry.record_epoch

    def killed(run_id, number, epoch):
        if epoch.number == 3:
            raise Stopped
        record(run_id, number, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(bench.registry, "record_epoch", killed)
        run, _ = bench.attempt()
    assert run.epochs_done == 2
    bench.registry.requeue(run.id, run.attempt)
    bench.attempt()
    assert bench.figures("r-cut") == bench.figures("r-whole")


def test_a_cancel_after_this_epoch_ends_the_run_and_keeps_the_epoch(bench):
    bench.add("r-one")
    record = bench.registry.record_epoch

    def cancel_in_second(run_id, number, epoch):
        record(run_id, number, epoch)
        if epoch.number == 2:
            bench.registry.request_cancel(run_id, Cancel.AFTER_EPOCH)

    bench.registry.record_epoch = cancel_in_second
    run, code = bench.attempt()
    assert (code, run.status, run.epochs_done) == (exits.CANCELLED, Status.KILLED, 2)
    assert exits.read_exit(bench.folder("r-one"), 1).outcome == "cancelled"
    assert run.wall_seconds > 0
    assert Checkpoints(bench.folder("r-one") / "checkpoints").latest().epoch == 2


def test_a_cancel_now_is_told_from_an_interruption_by_the_registry(bench, monkeypatch):
    bench.add("r-one")
    stop = stop_after(monkeypatch, 1)
    claim = bench.registry.claim

    def claim_and_cancel(slot, token):
        run = claim(slot, token)
        bench.registry.request_cancel(run.id, Cancel.NOW)
        return run

    monkeypatch.setattr(bench.registry, "claim", claim_and_cancel)
    monkeypatch.setattr(epochs.Epochs, "_keep", lambda *_: None)  # no epoch end: it must be the batch that stops
    run, code = bench.attempt(stop)
    assert (code, run.status) == (exits.CANCELLED, Status.KILLED)


# --- failing with a reason ---


def fails(bench: Bench, run_id: str = "r-one") -> str:
    run, code = bench.attempt()
    assert (code, run.status) == (exits.FAILED, Status.FAILED)
    assert exits.read_exit(bench.folder(run_id), run.attempt).reason == run.reason
    return run.reason


def test_a_loss_that_is_no_number_ends_the_run_with_advice(bench, monkeypatch):
    monkeypatch.setattr(heads.keras.optimizers, "Adam", lambda rate: keras.optimizers.SGD(float("inf")))
    bench.add("r-one")
    assert "became NaN in epoch 1; try a lower learning rate" in fails(bench)
    assert bench.registry.epochs("r-one") == []


def test_a_full_disk_is_named_and_the_last_epoch_kept(bench, monkeypatch):
    write = heads.write_state

    def full(model, path):
        if ".tmp-3" in str(path):
            raise OSError(28, "No space left on device")
        write(model, path)

    bench.add("r-one")
    with monkeypatch.context() as patch:
        patch.setattr(heads, "write_state", full)
        assert "disk is full: epoch 3 could not be saved. Epoch 2 is kept" in fails(bench)
    bench.registry.requeue("r-one")
    run, code = bench.attempt()
    assert code == exits.FINISHED and run.epochs_done == 5


def test_a_missing_photo_is_named(bench):
    photo = bench.registry.photos(bench.dataset.id, split="train")[0]
    (bench.settings.dataset_dir(bench.dataset.id) / "photos" / f"{photo.digest}.jpg").unlink()
    bench.add("r-one")
    assert photo.file in fails(bench)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "ran out of memory"),
        (tf.errors.ResourceExhaustedError(None, None, "OOM"), "ran out of memory"),
        (OSError(28, "No space left"), "disk is full"),
        (FileNotFoundError(2, "No such file", "weights.pth"), "weights.pth"),
        (GraftError("A sentence."), "A sentence."),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero. The log says more"),
    ],
)
def test_every_error_becomes_a_sentence(error, said):
    assert said in trainer.reason_of(error)


def test_an_attempt_that_was_overtaken_touches_nothing(bench):
    bench.add("r-one")
    first = bench.registry.claim("cpu", "a")
    bench.registry.requeue(first.id, first.attempt)
    second = bench.registry.claim("cpu", "b")
    assert (first.attempt, second.attempt) == (1, 2)
    bench.folder("r-one").mkdir(parents=True)
    code = trainer.Attempt("r-one", 1, settings=bench.settings, registry=bench.registry, stop=Stop()).go()
    assert code == exits.INTERRUPTED
    assert bench.registry.run("r-one").status is Status.RUNNING
    assert not (bench.folder("r-one") / "exit.json").exists()


# --- the parts ---


def learnable(rng, photos: int = 20) -> Learnable:
    features = rng.normal(5, 3, (photos, 4)).astype(np.float32)
    return Learnable(
        views={0: features, 1: features + 1},
        labels=np.arange(photos) % 2,
        validation=features[:6],
        validation_labels=np.arange(6) % 2,
        classes=2,
    )


def test_epochs_go_through_the_views_in_turn():
    numbers = replace(NUMBERS, views=3, epochs=7)
    assert [view_of(numbers, epoch) for epoch in range(1, 8)] == [0, 1, 2, 0, 1, 2, 0]
    assert views_needed(numbers, first_epoch=1) == (0, 1, 2)
    assert views_needed(numbers, first_epoch=6) == (0, 2)
    assert views_needed(numbers, first_epoch=8) == ()


def test_every_epoch_sees_every_photo_once_in_another_order():
    data = learnable(np.random.default_rng(0))
    head = heads.build_head(4, 2, NUMBERS)
    trained = Trainer(head, data, NUMBERS)
    seen = [np.concatenate([x for x, _ in trained._batches(epoch).as_numpy_iterator()]) for epoch in (1, 3, 2)]
    assert not np.array_equal(seen[0], seen[1])
    for found, view in zip(seen, (0, 0, 1), strict=True):
        assert sorted(map(tuple, found)) == sorted(map(tuple, data.views[view]))


def test_of_equally_good_epochs_the_earlier_is_best():
    data = learnable(np.random.default_rng(0))
    epoch = Trainer(heads.build_head(4, 2, NUMBERS), data, NUMBERS).run_epoch(1, attempt=1)
    later = [replace(epoch, number=2, val_loss=0.1), replace(epoch, number=3, val_loss=0.1)]
    assert best_of([replace(epoch, val_loss=0.2), *later]).number == 2


def test_a_batch_is_not_begun_once_a_stop_was_asked_for():
    data = learnable(np.random.default_rng(0))
    stop = Stop()
    batches = []

    def on_batch():
        batches.append(1)
        stop.requested = True
        stop.check()

    with pytest.raises(Stopped):
        Trainer(heads.build_head(4, 2, NUMBERS), data, NUMBERS, on_batch).run_epoch(1, attempt=1)
    assert len(batches) == 1


def test_a_hidden_layer_and_smoothing_are_built_when_asked_for():
    head = heads.build_head(4, 2, replace(NUMBERS, hidden_units=7, label_smoothing=0.1))
    assert head.get_layer("hidden").units == 7
    assert head.loss.label_smoothing == 0.1
    assert "hidden" not in [layer.name for layer in heads.build_head(4, 2, NUMBERS).layers]


def test_what_attempts_paid_for_shared_things_is_not_counted_twice(tmp_path):
    with Meter(powercap=tmp_path) as meter:
        first = Ledger(meter)
        with first.paying("features"):
            time.sleep(0.05)
        former = first.so_far()
        second = Ledger(meter, [former])
        second.worth("features", first._paid["features"])
        figures = {"parameters_total": 1, "parameters_trainable": 1, "multiply_adds": 1, "model_bytes": 1}
        own = second.cost(**figures, ms_per_photo=1.0)
        assert own.alone_wall_seconds == own.wall_seconds
        assert own.wall_seconds >= former["wall_seconds"]
        second.worth("engine", replace(first._paid["features"], wall_seconds=100.0))
        assert second.cost(**figures, ms_per_photo=1.0).alone_wall_seconds >= own.wall_seconds + 100
    assert asdict(own)["energy_joules"] is None
