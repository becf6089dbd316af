"""Shortlists of photos whose features are known: one backbone tells the classes apart, the others see noise."""

from types import SimpleNamespace

import pytest

from core.advising.shortlisting import Shortlisting
from core.advising.values import LISTED, ShortlistQuestion
from core.errors import Cancelled, InvalidInput, NotFound, Unavailable
from core.files.home import dataset_folder, registry_file
from core.registry import Registry
from core.settings import Settings
from tests.core.advising.conftest import GOOD, ClassesEngine, quiet, three_contenders
from tests.factories import fill


@pytest.fixture
def make(registry, settings, contenders, engine_for):
    def make(dataset, question=None, report=quiet, **changes):
        options = {"contenders": contenders, "engine": engine_for(dataset)} | changes
        found = Shortlisting(dataset, registry=registry, settings=settings, report=report, **options)
        return found.make(question or ShortlistQuestion())

    return make


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> SimpleNamespace:
    """A shortlist of 400 photos, for tests that only read it: what was told and asked meanwhile, and the photos."""
    settings = Settings(home=tmp_path_factory.mktemp("shortlist") / "home")
    registry = Registry.open(registry_file(settings))
    dataset = fill(registry, settings, runs=0, per_class=100).dataset
    contenders, asked, told = three_contenders(dataset, registry, settings), [], []
    found = Shortlisting(
        dataset,
        registry=registry,
        settings=settings,
        report=lambda stage, done, total, near: told.append((done, near)),
        contenders=contenders,
        engine=lambda contender, cut: ClassesEngine(registry, dataset, contender, cut, asked),
    ).make(ShortlistQuestion())
    test = {photo.digest for photo in registry.photos(dataset.id, split="test")}
    registry.close()
    return SimpleNamespace(found=found, told=told, asked=asked, test=test, contenders=contenders)


def test_the_backbone_that_tells_the_classes_apart_is_first_and_the_favourite_is_named(made):
    found = made.found
    first, *others = found.named
    assert first.backbone == GOOD and first.accuracy > 0.95 and first.same and not found.too_few
    assert [one.place for one in found.named] == list(range(1, LISTED + 1))
    (favourite,) = [one for one in others if one.favourite]
    assert favourite.backbone == "efficientnet_lite2" and favourite.depth == 0 and not favourite.same
    assert len({(one.backbone, one.size) for one in found.named}) == LISTED
    assert found.by_published[0][0] == "efficientnet_lite2"
    assert found.minutes > 0 and found.photos > 0 and "fine-tuning" in found.notes[0]


def test_recipes_of_a_round_are_ordered_by_log_loss(made):
    last = max(one.round for one in made.found.candidates)
    order = [one.log_loss for one in made.found.candidates if one.place is None and one.round == last]
    assert len(set(order)) > 1 and order == sorted(order)
    assert made.found.named[0].log_loss == min(one.log_loss for one in made.found.candidates if one.round == last)


def test_every_candidate_has_a_name_of_its_own(made):
    names = [one.name for one in made.found.candidates]
    assert len(set(names)) == len(names) and any(name.endswith("without top 2 blocks") for name in names)


def test_test_photos_are_never_read(made):
    assert made.asked and made.test and not made.test & set(made.asked)


def test_each_photo_is_computed_once_a_backbone_and_the_first_round_is_a_sample(made):
    assert made.found.photos == len(made.asked) == len(made.contenders) * (256 + 60)
    assert {one.photos for one in made.found.candidates} == {256}


def test_twenty_photos_are_too_few_to_tell_and_the_favourite_comes_first(make, few):
    found = make(few)
    assert found.too_few and all(one.same for one in found.candidates)
    assert found.named[0].favourite


def test_what_the_nearest_photos_say_is_known_early(made):
    first = next(done for done, near in made.told if near is not None)
    assert first <= 256 + 60 < made.told[-1][0]
    assert made.found.neighbours == made.told[-1][1] and made.found.neighbours.validation == 60


def test_only_what_fits_the_minutes_is_named(make, made, dataset):
    quickest = min(one.minutes for one in made.found.candidates)
    found = make(dataset, ShortlistQuestion(minutes=1.01 * quickest))
    assert sum(one.minutes for one in found.named) <= 1.01 * quickest and len(found.named) == 1
    assert found.named[0].favourite
    with pytest.raises(InvalidInput, match="No recipe of the shortlist fits"):
        make(dataset, ShortlistQuestion(minutes=quickest / 100))


def test_a_backbone_that_cannot_be_computed_is_left_out_with_the_reason(make, dataset, engine_for):
    usual = engine_for(dataset)

    def engine(contender, cut):
        if contender.backbone.name == "squeezenet":
            raise Unavailable("It cannot run here.")
        return usual(contender, cut)

    found = make(dataset, engine=engine)
    assert "squeezenet" not in {one.backbone for one in found.candidates}
    assert any("It cannot run here." in note for note in found.notes)


def test_it_can_be_stopped(make, dataset):
    def stop(*_):
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        make(dataset, report=stop)


def test_without_photos_or_backbones_it_says_so(make, dataset, settings):
    with pytest.raises(InvalidInput, match="No pretrained backbone"):
        make(dataset, contenders=[])
    for path in dataset_folder(settings, dataset.id).photos.iterdir():
        path.unlink()
    with pytest.raises(NotFound, match="import them"):
        make(dataset)
