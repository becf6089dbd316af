"""Labelling photos without a class, on the page Datasets."""

import pytest

from core.advising.label_values import LABEL_METHOD
from core.curation.decisions import PhotoAction, decisions_on, standing
from core.curation.labelled import label_photos
from core.files import atomic
from core.files.home import dataset_folder, label_job
from core.people.acting import Person, Role, acting_as
from tests.core.advising.test_label_values import make_order
from tests.factories import fill
from tests.pages.conftest import first_line, link_labels, visit
from tests.pages.conftest import text_of as escaped_text_of
from tests.pools import fill_pool


@pytest.fixture
def dataset(bench):
    return fill(bench.registry, bench.settings, runs=0).dataset


@pytest.fixture
def pool(bench, dataset):
    return fill_pool(bench.settings, dataset, 5)


@pytest.fixture
def ordered(bench, dataset, pool):
    """The order that a job would have stored: the photos by their files; the nearest labelled one is of the dataset."""
    near = bench.registry.photos(dataset.id)[0].digest
    order = make_order(*pool, dataset_id=dataset.id)
    content = order.to_json()
    for one in content["photos"]:
        one["nearest"] = near
    folder = dataset_folder(bench.settings, dataset.id)
    atomic.write_json(folder.label_order(LABEL_METHOD), content)
    return order


def text_of(at):
    """Without the backslashes that keep names from being Markdown."""
    return escaped_text_of(at).replace("\\", "")


def open_view(dataset):
    return visit("datasets", dataset=dataset.id, label="next")


def labels(bench, dataset):
    decided = standing(decisions_on(dataset, bench.settings))
    return {digest: one.target or str(one.action) for digest, one in decided.items()}


def test_copies_that_are_left_out_of_the_order_are_said(bench, dataset, ordered):
    folder = dataset_folder(bench.settings, dataset.id)
    left_out = [{"file": f"{number}.jpg", "reason": "is a copy of b.jpg, which has a class"} for number in range(5)]
    atomic.write_json(folder.label_order(LABEL_METHOD), ordered.to_json() | {"left_out": left_out})
    at = visit("datasets", dataset=dataset.id)
    said = text_of(at)
    assert (
        not at.exception and "5 photos are left out of the order: 0.jpg is a copy of b.jpg, which has a class" in said
    )
    assert "2.jpg is a copy of b.jpg, which has a class; and 2 more." in said


def test_photos_without_a_class_can_be_ordered(bench, dataset, pool, monkeypatch):
    asked = []
    monkeypatch.setattr("core.web.datasets.label_panel.start_ordering", lambda one, **how: asked.append((one, how)))
    at = visit("datasets", dataset=dataset.id)
    assert not at.exception and "5 photos have no class." in text_of(at)
    at.button(key="label.order").click().run()
    assert asked[0][0] == dataset.id and asked[0][1]["run_id"] == "" and not at.exception


def test_the_recommended_model_is_the_first_choice(bench, filled, monkeypatch):
    fill_pool(bench.settings, filled.dataset, 3)
    recommended = bench.model_to_label_with(filled.dataset.id)
    assert recommended
    at = visit("datasets", dataset=filled.dataset.id)
    box = at.selectbox(key=f"label.by.{filled.dataset.id}")
    assert box.value == recommended and box.options[0].startswith("The recommended model, ") and len(box.options) == 2


def test_photos_of_the_server_are_added(bench, dataset, monkeypatch):
    asked = []
    monkeypatch.setattr("core.web.datasets.label_panel.start_adding", lambda *given, **_: asked.append(given))
    at = visit("datasets", dataset=dataset.id)
    at.text_input(key="label.path").input("/new")
    at.button(key="label.server_go").click().run()
    assert asked == [(dataset.id, "/new")] and not at.exception


def test_what_went_wrong_and_what_is_asked_is_said(bench, dataset, monkeypatch):
    folder = label_job(bench.settings, dataset.id)
    folder.path.mkdir(parents=True)
    atomic.write_json(folder.request, {"dataset": dataset.id})
    atomic.write_json(folder.status, {"state": "failed", "message": "Nothing was added: all are copies."})
    assert "Nothing was added: all are copies." in text_of(visit("datasets", dataset=dataset.id))
    atomic.write_json(folder.status, {"state": "question", "message": "The photos lie in folders: 'a' and 'b'."})
    at = visit("datasets", dataset=dataset.id)
    assert "The photos lie in folders" in text_of(at)
    answered = []
    monkeypatch.setattr("core.web.datasets.label_panel.answer_folders", lambda one, **_: answered.append(one))
    at.button(key="label.flat").click().run()
    assert answered == [dataset.id] and not at.exception
    at.button(key="label.discard").click().run()
    assert not folder.path.exists() and not at.exception


def test_one_photo_after_the_other(bench, dataset, pool, ordered):
    at = open_view(dataset)
    assert not at.exception and first_line(at).replace("\\", "") == "5 photos have no class."
    text = text_of(at)
    assert "1 of 5" in text and "Probably **tulip** (50.0 %), 10 points before the next class." in text
    assert "Probabilities by a linear head on features of Lite0: tulip 50.0 % · rose 40.0 %" in text
    assert "Nearest labelled photo by features of Lite0, similarity 0.80" in text
    at.button(key="label.class.2").click().run()
    assert labels(bench, dataset) == {pool[0]: "rose"} and "2 of 5" in text_of(at)
    at.button(key="label.skip").click().run()
    at.button(key="label.exclude").click().run()
    assert labels(bench, dataset) == {pool[0]: "rose", pool[2]: "exclude"} and "4 of 5" in text_of(at)
    at.button(key="label.undo").click().run()
    assert labels(bench, dataset) == {pool[0]: "rose"} and not at.exception


def test_a_new_class_is_asked_about(bench, dataset, pool, ordered):
    at = open_view(dataset)
    at.text_input(key=f"label.name.{pool[0]}").input("orchid")
    at.button(f"FormSubmitter:label.typed.{pool[0]}-Label").click().run()
    assert labels(bench, dataset) == {} and at.button(key="label.new_class").label == "Add orchid as a new class"
    at.button(key="label.new_class").click().run()
    assert labels(bench, dataset) == {pool[0]: "orchid"} and not at.exception
    assert at.button(key="label.class.5").label == "orchid"
    at.text_input(key=f"label.name.{pool[1]}").input("ROSE")
    at.button(f"FormSubmitter:label.typed.{pool[1]}-Label").click().run()
    assert labels(bench, dataset)[pool[1]] == "rose" and not at.exception


def test_everything_labelled_makes_a_version(bench, dataset, pool, ordered):
    at = open_view(dataset)
    for _ in pool:
        at.button(key="label.class.4").click().run()
    assert set(labels(bench, dataset).values()) == {"tulip"} and len(labels(bench, dataset)) == 5
    assert "All photos of this order are decided on." in text_of(at)
    at.checkbox(key="label.validation").check().run()
    at.button(key="check.apply").click().run()
    assert not at.exception
    made = bench.registry.dataset("flowers:2")
    new = [bench.registry.photo(made.id, digest) for digest in pool]
    assert {photo.class_name for photo in new} == {"tulip"} and "test" not in {photo.split for photo in new}
    assert sorted(photo.split for photo in new).count("validation") == 1
    assert decisions_on(dataset, bench.settings) == ()


def test_what_somebody_else_labelled_is_not_asked_again(bench, dataset, pool, ordered):
    with acting_as(Person(name="ann", role=Role.TRAINER)):
        label_photos(dataset, {pool[0]: "rose"}, settings=bench.settings)
    assert "2 of 5" in text_of(open_view(dataset))


def test_without_an_order_the_view_offers_one(bench, dataset, pool):
    at = open_view(dataset)
    assert not at.exception and at.button(key="label.order")


def test_a_dataset_without_such_photos_says_how_to_add_some(bench, dataset):
    at = visit("datasets", dataset=dataset.id)
    assert "Add photos without a class. Those that a model is least sure of are shown first" in text_of(at)
    assert "Label photos" not in link_labels(at)


def test_checks_and_labels_have_one_list(bench, dataset, pool, ordered):
    label_photos(dataset, {pool[0]: "rose"}, settings=bench.settings)
    at = visit("datasets", dataset=dataset.id, check="labels")
    assert "Decided so far: 1 photo labelled." in text_of(at) and not at.exception
    assert standing(decisions_on(dataset, bench.settings))[pool[0]].action is PhotoAction.LABEL
