"""Photos without a class: added without copies, and put in order."""

import hashlib
import io
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from core.advising.label_process import read_order
from core.advising.labelling import add_photos, checked_run, make_order
from core.curation.labelled import label_photos, set_aside
from core.datasets.pool import FoldersAsked, pool_of
from core.errors import Cancelled, Forbidden, InvalidInput, NotFound
from core.files.atomic import digest_of
from core.files.home import dataset_folder, run_folder
from core.people.acting import Person, Role, acting_as
from core.runs.values import Status
from tests.factories import fill
from tests.pools import fill_pool, jpeg_of
from tests.tiny_lite import give_network

SIZE = 16


def quiet(*_):
    """Progress that nobody sees."""


@pytest.fixture
def dataset(registry, settings):
    """80 photos of four classes, with files."""
    return fill(registry, settings, runs=0).dataset


@pytest.fixture
def folder(settings, dataset):
    return dataset_folder(settings, dataset.id)


class DirectionsEngine:
    """Features around one direction a class; photos that ``mixed`` names lie between two. It notes what it computed."""

    name, batch, workers = "directions", 16, 1

    def __init__(self, registry, dataset, mixed):
        self._classes = {one.digest: (one.class_name,) for one in registry.photos(dataset.id)} | mixed
        self._names, self.computed = dataset.class_names, []

    def __call__(self, views):
        return np.stack([self._row(hashlib.sha256(view.jpeg).hexdigest()) for view in views])

    def _row(self, digest):
        self.computed.append(digest)
        noise = 0.35 * np.random.default_rng(int(digest[:8], 16)).normal(size=SIZE)
        noise[[self._names.index(name) for name in self._classes[digest]]] += 1
        return noise.astype(np.float32)


@pytest.fixture
def engine(registry, dataset, monkeypatch):
    """Computes features instead of a network; ``engine(mixed)`` says which classes photos of the pool look like."""

    def use(mixed):
        made = DirectionsEngine(registry, dataset, mixed)
        monkeypatch.setattr("core.features.compute.choose_engine", lambda *_, **__: made)
        return made

    return use


@pytest.fixture
def pool(settings, dataset):
    return fill_pool(settings, dataset, 8)


@pytest.fixture
def order(dataset, registry, settings):
    def order(**options):
        return make_order(dataset, registry=registry, settings=settings, report=quiet, **options)

    return order


@pytest.fixture
def add(dataset, registry, settings):
    def add(source, report=quiet, **options):
        return add_photos(dataset, source, registry=registry, settings=settings, report=report, **options)

    return add


def test_photos_between_two_classes_come_first_with_what_that_rests_on(engine, pool, order, dataset, settings):
    looks = dict.fromkeys(pool, ("rose",)) | {pool[3]: ("rose", "tulip"), pool[6]: ("daisy", "rose")}
    engine(looks)
    found = order()
    by_digest = {one.digest: one for one in found.photos}
    assert len(by_digest) == 8 and found.left == 8
    assert max(by_digest[pool[3]].margin, by_digest[pool[6]].margin) < min(
        one.margin for one in found.photos if one.digest not in (pool[3], pool[6])
    )
    sure = by_digest[pool[0]]
    assert sure.suggested == "rose" and sure.probability > 0.8 and sure.nearest_class == "rose"
    assert list(sure.probabilities)[0] == "rose" and sure.similarity > 0.3 and sure.nearest_file
    assert not found.run and found.backbone == "EfficientNet-Lite0" and read_order(dataset.id, settings) == found


def test_labels_of_the_meantime_count(engine, pool, order, dataset, settings):
    engine(dict.fromkeys(pool, ("rose",)))
    label_photos(dataset, {pool[0]: "orchid"}, settings=settings, new_class=True)
    set_aside(dataset, pool[1:2], settings=settings)
    found = order()
    assert found.left == 6 and not {one.digest for one in found.photos} & set(pool[:2])
    assert any("orchid" in one.probabilities for one in found.photos)


def test_features_of_photos_are_computed_once(engine, pool, order, settings, dataset):
    first = engine(dict.fromkeys(pool, ("rose",)))
    order()
    assert set(pool) <= set(first.computed)
    more = fill_pool(settings, dataset, 4, addition="a-2", seed=8)
    second = engine(dict.fromkeys([*pool, *more], ("tulip",)))
    order()
    assert set(more) <= set(second.computed)
    third = engine({})
    assert len(order().photos) == 12 and third.computed == []


def test_neither_validation_nor_test_photos_are_read(engine, pool, order, registry, dataset):
    made = engine(dict.fromkeys(pool, ("rose",)))
    order()
    held_out = {one.digest for split in ("validation", "test") for one in registry.photos(dataset.id, split=split)}
    assert not held_out & set(made.computed)


def test_the_model_of_a_run_gives_the_probabilities(engine, registry, settings):
    filled = fill(registry, settings, runs=8, name="trained")
    run = filled.with_status(Status.FINISHED)[0]
    give_network(run_folder(settings, run.id).model, classes=4)
    pool = fill_pool(settings, filled.dataset, 40)
    made = DirectionsEngine(registry, filled.dataset, dict.fromkeys(pool, ("rose",)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.features.compute.choose_engine", lambda *_, **__: made)
        found = make_order(filled.dataset, registry=registry, settings=settings, report=quiet, run_id=run.id)
    assert (found.run, found.title, found.by) == (run.id, run.name, f"the model of {run.name}")
    assert len(found.photos) == 40
    for one in found.photos:
        assert sum(one.probabilities.values()) == pytest.approx(1, abs=0.001)
        first, second, *_ = one.probabilities.values()
        assert one.margin == pytest.approx(first - second, abs=0.001) and one.probability == first
    assert len({one.probability for one in found.photos}) > 30, "the network saw the photos"


def test_a_run_that_cannot_be_used(registry, settings, dataset):
    filled = fill(registry, settings, runs=8, name="trained")
    with pytest.raises(NotFound):
        checked_run(dataset, "r-none", registry)
    with pytest.raises(InvalidInput, match="has not finished"):
        checked_run(filled.dataset, filled.with_status(Status.FAILED)[0].id, registry)
    other = replace(dataset, class_names=("daisy", "rose"))
    with pytest.raises(InvalidInput, match="predicts 'sunflower' and 'tulip', which 'flowers' does not have"):
        checked_run(other, filled.with_status(Status.FINISHED)[0].id, registry)


def test_nothing_to_label(order, dataset, settings):
    with pytest.raises(InvalidInput, match="has no photos without a class. Add some first"):
        order()
    digests = fill_pool(settings, dataset, 2)
    label_photos(dataset, dict.fromkeys(digests, "rose"), settings=settings)
    with pytest.raises(InvalidInput, match="All 2 photos without a class are labelled or excluded already"):
        order()


def test_a_missing_photo_is_a_sentence(engine, pool, order, folder):
    engine(dict.fromkeys(pool, ("rose",)))
    shutil.rmtree(pool_of(folder)[0].folder)
    with pytest.raises(NotFound, match="is missing from"):
        order()


# --- adding ---


@pytest.fixture
def source(tmp_path):
    """Three photos of their own."""
    path = tmp_path / "new"
    path.mkdir()
    for number in range(3):
        (path / f"{number}.jpg").write_bytes(jpeg_of(number))
    return path


def test_photos_are_added_without_copies_and_near_copies_of_the_dataset(add, source, dataset, registry, folder):
    known, other = registry.photos(dataset.id)[0], registry.photos(dataset.id)[1]
    shutil.copyfile(folder.photo(known.digest), source / "copy.jpg")
    with Image.open(folder.photo(other.digest)) as image:
        ImageEnhance.Brightness(image).enhance(1.1).save(source / "near.jpg", quality=60)
    part = add(source)
    assert [one.file for one in part.photos] == ["0.jpg", "1.jpg", "2.jpg"]
    reasons = {one.file: one.reason for one in part.rejections}
    assert reasons["copy.jpg"] == f"is a copy of {known.file}, which is here already"
    assert reasons["near.jpg"].startswith("is a near-copy of ") and "which is here already" in reasons["near.jpg"]
    assert registry.log_entries(limit=1)[0].action == "add unlabelled photos"


def test_what_was_added_counts_for_the_owner_of_the_dataset(registry, settings, source, monkeypatch):
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        dataset = fill(registry, settings, runs=0, name="hers").dataset
    given = {"registry": registry, "settings": settings, "report": quiet}
    part = add_photos(dataset, source, **given)
    added = sum(photo.stored_bytes for photo in part.photos)
    assert added and registry.stored_by("anna").datasets == dataset.size_bytes + added
    registry.record_pool_size(dataset.id, 0)  # the process was killed after the addition
    made = DirectionsEngine(registry, dataset, {digest_of(part.path(one.digest)): ("rose",) for one in part.photos})
    monkeypatch.setattr("core.features.compute.choose_engine", lambda *_, **__: made)
    make_order(dataset, **given)
    assert registry.stored_by("anna").datasets == dataset.size_bytes + added


def test_of_near_copies_among_the_new_photos_one_is_kept(add, source):
    with Image.open(io.BytesIO(jpeg_of(0))) as image:
        image.save(source / "0 again.jpg", quality=50)
    part = add(source)
    assert len(part.photos) == 3
    (one,) = part.rejections
    assert one.reason in ("is a near-copy of 0.jpg, which is kept", "is a near-copy of 0 again.jpg, which is kept")


def test_the_same_photos_again_add_nothing(add, source, folder):
    add(source)
    with pytest.raises(InvalidInput, match="Nothing was added: 3 photos received"):
        add(source)
    assert len(pool_of(folder)) == 1


def test_folders_are_asked_about_and_nothing_is_added_meanwhile(add, source, folder):
    (source / "rose").mkdir()
    shutil.move(source / "0.jpg", source / "rose" / "0.jpg")
    with pytest.raises(FoldersAsked):
        add(source)
    assert pool_of(folder) == () and len(add(source, flat=True).photos) == 3


def test_it_can_be_stopped(add, source, folder):
    def stop(stage, *_):
        if stage == "Reading photos":
            raise Cancelled("It was cancelled.")

    with pytest.raises(Cancelled):
        add(source, report=stop)
    assert pool_of(folder) == ()


def test_a_viewer_adds_nothing(add, source):
    with acting_as(Person(name="eve", role=Role.VIEWER)), pytest.raises(Forbidden):
        add(source)


def test_a_dataset_without_photos_of_its_own_takes_none(add, source, folder):
    for path in folder.photos.iterdir():
        path.unlink()
    with pytest.raises(NotFound, match="import them first"):
        add(source)
