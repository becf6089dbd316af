"""Photos of the import on which a label would be spent twice are left out of the order, and said."""

import io

import pytest
from PIL import Image

from core.advising.label_copies import COPIES_METHOD, copies_of_import, left_out_of_order, photos_here
from core.curation.labelled import label_photos, set_aside
from core.datasets.pool import pool_photos
from core.errors import InvalidInput
from core.files.home import dataset_folder
from tests.core.advising.test_labelling import DirectionsEngine, quiet
from tests.factories import fill
from tests.pools import fill_import, fill_pool, jpeg_of


@pytest.fixture
def dataset(registry, settings):
    return fill(registry, settings, runs=0).dataset


@pytest.fixture
def folder(settings, dataset):
    return dataset_folder(settings, dataset.id)


@pytest.fixture
def own(registry, dataset, settings, folder):
    """Two photos that nothing is like, one saved again, and a near-copy of a photo of the dataset: digests by file."""
    known = registry.photos(dataset.id)[0]
    jpegs = {
        "a.jpg": jpeg_of(0),
        "a again.jpg": saved_again(jpeg_of(0)),
        "b.jpg": jpeg_of(1),
        "known.jpg": saved_again(folder.photo(known.digest).read_bytes()),
    }
    return dict(zip(jpegs, fill_import(settings, dataset, jpegs), strict=True))


def saved_again(jpeg: bytes) -> bytes:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(jpeg)) as image:
        image.save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


@pytest.fixture
def order(registry, dataset, settings, own, monkeypatch):
    from core.advising.labelling import make_order

    def order():
        mixed = dict.fromkeys(pool_photos(dataset_folder(settings, dataset.id)), ("rose",))
        engine = DirectionsEngine(registry, dataset, mixed)
        monkeypatch.setattr("core.features.compute.choose_engine", lambda *_, **__: engine)
        return make_order(dataset, registry=registry, settings=settings, report=quiet)

    return order


def test_near_copies_of_the_dataset_and_of_each_other_are_left_out_and_said(order, own, registry, dataset, settings):
    fill_pool(settings, dataset, 2, seed=20)
    found = order()
    assert {one.digest for one in found.photos} >= {own["a.jpg"], own["b.jpg"]} and found.left == 4
    reasons = {one.file: one.reason for one in found.left_out}
    assert reasons.keys() == {"a again.jpg", "known.jpg"}
    assert reasons["a again.jpg"] == "is a near-copy of a.jpg, which is in the order"
    assert reasons["known.jpg"].startswith("is a near-copy of ") and reasons["known.jpg"].endswith("has a class")


def test_of_two_near_copies_none_is_asked_about_when_one_was_decided_on(order, own, dataset, settings):
    label_photos(dataset, {own["a again.jpg"]: "rose"}, settings=settings)
    found = order()
    assert [one.digest for one in found.photos] == [own["b.jpg"]]
    reasons = {one.file: one.reason for one in found.left_out}
    assert reasons["a.jpg"] == "is a near-copy of a again.jpg, which was decided on"


def test_where_only_copies_are_left_there_is_nothing_to_order(order, own, dataset, settings):
    set_aside(dataset, [own["a.jpg"], own["b.jpg"]], settings=settings)
    with pytest.raises(InvalidInput, match="All 2 photos without a class that nobody decided on are copies"):
        order()


def test_the_same_photo_is_a_copy(registry, dataset, settings, folder):
    known = registry.photos(dataset.id)[0]
    (digest,) = fill_import(settings, dataset, {"same.jpg": folder.photo(known.digest).read_bytes()})
    copies = copies_of_import(dataset, folder, registry, quiet)
    assert any(one.exact and one.other == known.digest for one in copies)
    found = left_out_of_order(copies, list(pool_photos(folder).values()), ())
    assert found[digest].reason == f"is a copy of {known.file}, which has a class"
    assert len(photos_here(dataset, folder, registry)) == dataset.photo_count + 1


def test_photos_are_compared_once(registry, dataset, settings, folder, own):
    told = []
    found = copies_of_import(dataset, folder, registry, lambda *stage: told.append(stage))
    assert found and told
    told.clear()
    assert copies_of_import(dataset, folder, registry, lambda *stage: told.append(stage)) == found and told == []
    folder.label_copies(COPIES_METHOD).write_text("{")
    assert copies_of_import(dataset, folder, registry, quiet) == found
