"""Datasets: are my photos ready for training?"""

from dataclasses import replace

import pytest

from core.datasets.layout import LayoutChoice
from core.datasets.layouts import readings
from core.jobs import background_imports
from core.runs.values import Status
from core.web.parts.upload_box import Uploaded
from tests.core.datasets.uploads_of import first_layout
from tests.factories import fill, make_dataset, make_photos
from tests.pages.conftest import first_line, link_labels, text_of, visit
from tests.photo_files import archive, classes, jpeg


def test_without_photos_the_import_box_is_open(bench):
    at = visit("datasets")
    assert not at.exception
    assert "There are no photos yet" in first_line(at)
    assert at.text_input(key="import.path") and at.button(key="import.demo")


def test_a_folder_on_the_server_is_imported_in_the_background(bench, monkeypatch):
    started = []
    monkeypatch.setattr(
        "core.jobs.background_imports.start_import", lambda source, **given: started.append((source, given["name"]))
    )
    at = visit("datasets")
    at.text_input(key="import.path").input("/photos/mine ")
    at.text_input(key="import.server_name").input("mine")
    at.button(key="import.server_go").click().run()
    assert started == [("/photos/mine", "mine")]
    assert "it is shown at the top" in at.toast[0].value


def test_an_upload_is_imported_under_its_own_name(bench, tmp_path, monkeypatch):
    started, released = [], []
    sent = Uploaded(path=tmp_path / "slices", name="my photos.zip", size_bytes=3_000_000_000)
    monkeypatch.setattr("core.web.datasets.import_panel.upload_any_size", lambda key, label, suffixes: sent)
    monkeypatch.setattr("core.web.datasets.import_panel.release_upload", released.append)
    monkeypatch.setattr(
        "core.jobs.background_imports.start_import", lambda source, **given: started.append((source, given))
    )
    at = visit("datasets")
    assert "3.0 GB" in text_of(at)
    at.button(key="import.upload_go").click().run()
    source, given = started[0]
    assert source == sent.path and given["name"] == "my photos" and given["own_source"]
    assert released == ["import.file"]


def test_an_encoding_of_the_names_can_be_given(bench, monkeypatch):
    started = []
    monkeypatch.setattr(
        "core.jobs.background_imports.start_import", lambda source, **given: started.append(given["encoding"])
    )
    at = visit("datasets")
    at.text_input(key="import.path").input("/photos/mine.zip")
    at.selectbox(key="import.server_encoding").select("cp866")
    at.button(key="import.server_go").click().run()
    assert not at.exception and started == ["cp866"]


def test_importing_nothing_asks_for_a_path(bench):
    at = visit("datasets")
    at.button(key="import.server_go").click().run()
    assert "Enter the path of a folder" in at.warning[0].value


def test_every_dataset_is_listed_with_its_size(filled):
    at = visit("datasets")
    assert "80 photos in 1 dataset" in first_line(at)
    assert "flowers · v1" in text_of(at) and "1 skipped" in text_of(at)
    assert {"Open", "Train"} <= set(link_labels(at))


@pytest.mark.parametrize("reference", ["id", "flowers", "flowers:1"])
def test_one_dataset_is_opened_by_id_name_or_version(filled, reference):
    at = visit("datasets", dataset=filled.dataset.id if reference == "id" else reference)
    assert not at.exception
    assert at.title[0].value == "flowers · v1"
    figures = {metric.label: metric.value for metric in at.metric}
    assert figures["Train"] == "56" and figures["Test"] == "12" and figures["Classes"] == "4"


@pytest.mark.parametrize("reference", ["d-nothing", "../../etc/passwd", "<b>", "flowers:99"])
def test_an_unknown_dataset_in_the_url_is_said_in_a_sentence(filled, reference):
    at = visit("datasets", dataset=reference)
    assert not at.exception
    assert len(at.warning) == 1 and "no dataset" in at.warning[0].value
    assert at.title[0].value == "Datasets" and link_labels(at) == ["All datasets"]


def test_the_gallery_shows_one_class_and_split(filled):
    at = visit("datasets", dataset=filled.dataset.id)
    assert _gallery_photos(at) == 20
    at.selectbox(key=f"gallery.class.{filled.dataset.id}").select("tulip").run()
    at.segmented_control(key="gallery.split").select("test").run()
    assert _gallery_photos(at) == 3


def test_a_large_class_is_paged(bench):
    dataset = fill(bench.registry, bench.settings, runs=0, per_class=50).dataset
    at = visit("datasets", dataset=dataset.id)
    assert _gallery_photos(at) == 24
    at.number_input(key=f"gallery.page.{dataset.id}.daisy.all").set_value(3).run()
    assert _gallery_photos(at) == 2


def test_refused_files_are_listed_with_reasons(filled):
    at = visit("datasets", dataset=filled.dataset.id)
    assert at.dataframe[0].value.to_dict("records") == [{"File": "rose/notes.txt", "Reason": "it is not a photo"}]


def test_deleting_says_what_goes_and_needs_a_second_click(bench, filled):
    bench.registry.end(filled.with_status("RUNNING")[0].id, 1, Status.KILLED)
    at = visit("datasets", dataset=filled.dataset.id)
    at.button(key="dataset.delete").click().run()
    assert "1 dataset, 6 runs and 2 models" in text_of(at)
    assert bench.registry.datasets()
    at.button(key="dataset.delete-yes").click().run()
    assert not at.exception and bench.registry.datasets() == [] and bench.registry.runs() == []


def test_a_dataset_whose_run_is_training_is_kept(bench, filled):
    at = visit("datasets", dataset=filled.dataset.id)
    at.button(key="dataset.delete").click().run()
    at.button(key="dataset.delete-yes").click().run()
    assert "Cancel what is running first" in at.error[0].value and bench.registry.datasets()


def _gallery_photos(at) -> int:
    """Single photos; rows of them are one picture in the page itself."""
    return sum(not image.url.startswith("data:") for images in at.get("image") for image in images.proto.imgs)


def test_one_dataset_shows_photos_of_every_class_at_once(filled):
    at = visit("datasets", dataset=filled.dataset.id)
    rows = [image for images in at.get("image") for image in images.proto.imgs if image.url.startswith("data:")]
    assert len(rows) == 4 and rows[0].alt == "8 photos of daisy"
    order = [block.value for block in at.markdown][:4]
    assert order == [f"**{name}** · 20 photos" for name in ("daisy", "rose", "sunflower", "tulip")]


def test_of_many_classes_the_first_ones_are_seen(bench):
    fill(bench.registry, bench.settings, runs=0, class_names=[f"class {number}" for number in range(9)], per_class=3)
    text = text_of(visit("datasets", dataset="flowers"))
    assert "and 4 more classes, below under Photos." in text and "**class 4** · 3 photos" in text


def _shown_photos(at) -> int:
    return sum(len(images.proto.imgs) for images in at.get("image"))


def test_what_the_import_decided_on_its_own_is_said(filled):
    assert filled.dataset.notes[0] == "No split was given, so 70/15/15 was drawn."
    said = [block.value.replace("\\", "") for block in visit("datasets", dataset="flowers").markdown]
    assert any("No split was given, so 70/15/15 was drawn." in line for line in said)


# --- an upload that can be read in several ways ---


@pytest.fixture
def asked(bench, tmp_path, monkeypatch):
    """The id of an import that asks; its processes run inside the test."""

    def read(files, empty_folders=(), contents=None):
        aside = tuple(file for file in files if file.parts[-1] == "0.jpg")
        less = first_layout([file for file in files if file not in aside])
        less = replace(less, id="aside", title="First ones *aside*", unlabelled=aside, notes=("Names decide.",))
        first = replace(first_layout(files), id="folders", title="Folders are classes")
        return LayoutChoice(layouts=(first, less), question="What are the first ones?")

    monkeypatch.setattr(readings, "read_layouts", read)
    monkeypatch.setattr(
        background_imports,
        "start_process",
        lambda module, folder, settings, *_: background_imports._background(folder.job_id, settings),
    )
    upload = archive(tmp_path / "pets.zip", classes(cat=6, dog=6))
    return background_imports.start_import(upload, settings=bench.settings, own_source=True)


def test_a_question_shows_the_alternatives_with_classes_counts_and_photos(bench, asked):
    at = visit("datasets")
    assert not at.exception
    radio = at.radio(key=f"import.layout.{asked}")
    assert radio.options == ["Folders are classes", r"First ones \*aside\*"]
    assert r"2 classes\: cat and dog · 12 photos" in radio.proto.captions[0]
    assert "What are the first ones" in text_of(at) and "**cat** · 6 photos" in text_of(at)
    assert _shown_photos(at) == 2
    radio.set_value("aside").run()
    assert not at.exception
    assert "**cat** · 5 photos" in text_of(at) and "*without a class* · 2 photos" in text_of(at)
    assert "Names decide" in text_of(at) and _shown_photos(at) == 3
    assert bench.registry.datasets() == []


def test_the_chosen_way_is_imported_and_its_notes_are_said(bench, asked):
    at = visit("datasets")
    at.radio(key=f"import.layout.{asked}").set_value("aside").run()
    at.button(key=f"import.answer.{asked}").click().run()
    assert not at.exception
    dataset = bench.registry.dataset("pets")
    assert (dataset.photo_count, dataset.unlabelled) == (10, 2)
    assert "**pets** is imported: 10 photos in 2 classes, 2 without a class kept aside" in text_of(at)
    assert "How it was read: 2 classes, cat and dog" in text_of(at).replace("\\", "")
    assert "Names decide" in text_of(at)


def test_a_question_can_be_discarded(bench, asked):
    at = visit("datasets")
    at.button(key=f"import.discard.{asked}").click().run()
    assert not at.exception and not at.radio and bench.registry.datasets() == []


def test_a_question_that_was_discarded_in_another_tab_is_said(bench, asked):
    at = visit("datasets")
    background_imports.dismiss_import(bench.settings, asked)
    at.button(key=f"import.answer.{asked}").click().run()
    assert not at.exception and bench.registry.datasets() == []


def test_names_that_look_wrong_can_be_read_again(bench, tmp_path, asked, monkeypatch):
    background_imports.dismiss_import(bench.settings, asked)
    upload = archive(tmp_path / "pets.zip", classes(кот=3, пёс=3))
    job_id = background_imports.start_import(upload, settings=bench.settings, own_source=True)
    at = visit("datasets")
    at.selectbox(key=f"import.encoding.{job_id}").select("cp866").run()
    at.button(key=f"import.again.{job_id}").click().run()
    assert not at.exception
    (job,) = background_imports.import_jobs(bench.settings)
    assert job.question.encoding == "cp866"
    at = visit("datasets")
    assert not at.exception and at.radio(key=f"import.layout.{job_id}.cp866").value == "folders"
    assert at.selectbox(key=f"import.encoding.{job_id}").value == "cp866"


# --- unlabelled photos, and whether a dataset is fit ---


def test_unlabelled_photos_are_listed_page_by_page(bench, tmp_path):
    files = classes("train/", cat=6, dog=6) | {f"test/{number:02}.jpg": jpeg(500 + number) for number in range(26)}
    dataset, _ = bench.import_photos(archive(tmp_path / "pets.zip", files))
    at = visit("datasets", dataset=dataset.id)
    assert not at.exception
    assert "26 photos of the upload had no class" in text_of(at) and "Predict their classes" in link_labels(at)
    assert _gallery_photos(at) == 6 + 24
    at.number_input(key=f"unlabelled.page.{dataset.id}").set_value(2).run()
    assert _gallery_photos(at) == 6 + 2
    assert "26 without a class" in text_of(visit("datasets"))


def test_a_dataset_that_is_not_fit_is_never_called_ready(bench, filled):
    for at in (visit("datasets"), visit("datasets", dataset="flowers")):
        assert "ready" not in first_line(at)
    assert "not yet fit" in first_line(at)
    assert "12 test photos: an accuracy has a 95 % interval such as" in text_of(at).replace("\\", "")


def test_a_large_balanced_dataset_is_ready(bench):
    fill(bench.registry, runs=0, per_class=200)
    assert "is ready to train" in first_line(visit("datasets", dataset="flowers"))


def test_photos_of_an_earlier_dataset_that_are_one_are_shown_with_what_is_wrong(bench):
    """As 0.4.0 left it: pixels were not recorded, and the same picture lies in train and test."""
    photos = [replace(photo, stored_bytes=900 + number) for number, photo in enumerate(make_photos(per_class=20))]
    name = photos[0].class_name
    test = next(n for n, photo in enumerate(photos) if photo.split == "test" and photo.class_name == name)
    photos[test] = replace(photos[test], stored_bytes=photos[0].stored_bytes)
    dataset = make_dataset(photos)
    bench.registry.add_dataset(dataset, photos)
    for photo in photos:
        path = bench.photo_path(dataset.id, photo.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(1))
    assert [one.is_leak for one in bench.copies(dataset.id)] == [True] and bench.leaks(dataset.id) == 1
    at = visit("datasets", dataset=dataset.id)
    assert not at.exception
    assert "1 photo more than once" in text_of(at)
    assert "1 photo of it is the same as one of another split" in text_of(at)


def test_a_dataset_whose_pixels_were_compared_has_no_block_of_copies(bench):
    photos = [replace(photo, pixels=photo.digest) for photo in make_photos(per_class=20)]
    dataset = make_dataset(photos)
    bench.registry.add_dataset(dataset, photos)
    assert bench.registry.has_recorded_pixels(dataset.id) and bench.copies(dataset.id) == ()
    assert "more than once" not in text_of(visit("datasets", dataset=dataset.id))
