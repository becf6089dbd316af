"""Predict: what do the models say about this photo?"""

import pytest

from core.datasets.decoding.photos import StoredPhoto
from core.errors import Unavailable
from core.models.conformal import PredictionSet
from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.workbench import Workbench
from tests.bench.many_runs import fill_many
from tests.factories import fill, tiny_jpeg
from tests.pages.conftest import first_line, link_labels, text_of, visit
from tests.photo_files import archive, classes, jpeg

PHOTO = tiny_jpeg(0, 1)


@pytest.fixture
def asked(monkeypatch):
    """What the models were asked; they say "rose", and refuse what is no JPEG."""
    calls = []

    def predict(self, references, photos, *, top=5, confidence=0.95):
        calls.append((list(references), [name for name, _ in photos]))
        return [_said(references, name, data) for name, data in photos]

    monkeypatch.setattr(Workbench, "predict", predict)
    return calls


def _said(references, name, data) -> PhotoPredictions:
    given = data.jpeg if isinstance(data, StoredPhoto) else data
    if not given.startswith(b"\xff\xd8"):
        return PhotoPredictions(name=name, problem="It is not a photo.", jpeg=None, width=0, height=0, predictions=())
    best = (ClassProbability(class_name="rose", probability=0.8), ClassProbability(class_name="tulip", probability=0.2))
    answers = tuple(
        Prediction(
            run_id=run_id,
            title="Lite",
            classes=best,
            milliseconds=8.4,
            prediction_set=PredictionSet(
                confidence=0.95, by_class=False, classes=("rose", "tulip")[: 1 + place], photos=40
            ),
            problem="",
        )
        for place, run_id in enumerate(references)
    )
    return PhotoPredictions(name=name, problem="", jpeg=given, width=96, height=90, predictions=answers)


def answers_of(at) -> str:
    """The HTML of the answers on the wall."""
    return "".join(block.proto.body for block in at.get("html") if 'class="answer"' in block.proto.body)


def files_of(at) -> str:
    """The names of the photos on the wall."""
    blocks = [block.proto.body for block in at.get("html") if 'class="file"' in block.proto.body]
    return "".join(blocks).replace("<wbr>", "")


def samples(at) -> list:
    """The boxes of the test photos that can be tried."""
    return [box for box in at.checkbox if box.key.startswith("predict.sample.")]


def test_without_models_the_page_leads_to_training(bench):
    at = visit("predict")
    assert not at.exception and "Import photos" in link_labels(at)  # without photos nothing can be trained
    fill(bench.registry, runs=0)
    assert "Choose what to train" in link_labels(visit("predict"))


def test_the_recommended_model_of_the_newest_dataset_is_chosen(bench, filled):
    found = bench.verdict(filled.dataset.id)
    assert visit("predict").multiselect(key="predict.models").value == [found.recommended.run_id]


def test_a_cheaper_model_that_is_not_distinguishable_is_chosen_before_the_most_accurate(bench):
    filled = fill(bench.registry, bench.settings, runs=9)
    found = bench.verdict(filled.dataset.id)
    assert found.recommended.run_id != found.best.run_id
    assert visit("predict").multiselect(key="predict.models").value == [found.recommended.run_id]


def test_a_dropped_photo_is_answered_in_large_letters_and_opens_to_the_bars(filled, asked):
    at = visit("predict", view="wall")
    at.file_uploader(key="predict.files").upload("mine.jpg", PHOTO).run()
    assert not at.exception
    assert first_line(at) == "Predicted: rose."
    assert "<strong>rose</strong><span>80 %</span>" in answers_of(at) and not at.get("progress")
    at.button(key="open.0").click().run()
    assert not at.exception
    bars = [bar.proto for bar in at.get("progress")]
    assert [(bar.value, bar.text) for bar in bars] == [(80, "rose · 80.0 %"), (20, "tulip · 20.0 %")]


def test_several_models_answer_side_by_side(filled, asked):
    ids = [run.id for run in filled.with_status("FINISHED")]
    at = visit("predict", models=",".join(ids), view="wall")
    at.file_uploader(key="predict.files").upload("mine.jpg", PHOTO).run()
    assert asked == [(ids, ["mine.jpg"])]
    assert first_line(at) == "1 photo, 2 models: agree on rose."
    assert "2 of 2 models" in answers_of(at) and answers_of(at).count('class="dot"') == 2
    assert text_of(at).count("one of 2 classes") == 1
    at.button(key="open.0").click().run()
    assert len(at.get("progress")) == 4


def test_few_photos_show_the_models_as_columns_with_bars_and_mark_who_differs(bench, monkeypatch):
    ids = [run.id for run in fill(bench.registry, bench.settings, runs=9).with_status("FINISHED")][:3]

    def predict(self, references, photos, *, top=5, confidence=0.95):
        return [_differing(ids, references, name, data) for name, data in photos]

    monkeypatch.setattr(Workbench, "predict", predict)
    at = visit("predict", models=",".join(ids))
    at.file_uploader(key="predict.files").upload("mine.jpg", PHOTO).run()
    assert not at.exception and first_line(at) == "1 photo, 3 models: disagree, rose or tulip."
    assert [bar.proto.text for bar in at.get("progress")] == ["rose · 90.0 %", "rose · 90.0 %", "tulip · 90.0 %"]
    assert text_of(at).count("agrees") == 2 and text_of(at).count("differs") == 1
    assert text_of(at).count("8.0 ms · ") == 3, "time and size of each"
    at.segmented_control(key="predict.view").set_value("wall").run()
    assert not at.get("progress") and dict(at.query_params)["view"] == "wall"


def _differing(ids, references, name, data) -> PhotoPredictions:
    def said(run_id):
        best = ClassProbability(class_name="tulip" if run_id == ids[2] else "rose", probability=0.9)
        return Prediction(run_id=run_id, title="", classes=(best,), milliseconds=8.0)

    return PhotoPredictions(name=name, jpeg=data, width=9, height=9, predictions=tuple(map(said, references)))


def test_the_confidence_of_the_sets_is_chosen_and_stays_in_the_address(filled, monkeypatch):
    asked = []

    def predict(self, references, photos, *, top=5, confidence=0.95):
        asked.append(confidence)
        return [_said(references, name, data) for name, data in photos]

    monkeypatch.setattr(Workbench, "predict", predict)
    at = visit("predict", confidence="99")
    at.file_uploader(key="predict.files").upload("mine.jpg", PHOTO).run()
    assert not at.exception and asked == [0.99]
    assert at.segmented_control(key="predict.confidence").value == 0.99
    at.segmented_control(key="predict.confidence").set_value(0.9).run()
    assert asked == [0.99, 0.9] and dict(at.query_params)["confidence"] == "90"
    at.segmented_control(key="predict.confidence").set_value(0.99).run()
    assert asked == [0.99, 0.9], "what was predicted is kept"
    at = visit("predict", confidence="12")
    at.file_uploader(key="predict.files").upload("mine.jpg", PHOTO).run()
    assert asked[-1] == 0.95


def test_a_model_that_is_added_predicts_alone_and_the_results_stay(filled, asked):
    first, second = [run.id for run in filled.with_status("FINISHED")]
    at = visit("predict", models=first)
    at.file_uploader(key="predict.files").upload("a.jpg", PHOTO).upload("b.jpg", tiny_jpeg(1, 2)).run()
    at.multiselect(key="predict.models").set_value([first, second]).run()
    assert not at.exception and first_line(at) == "2 photos, 2 models: agree on all."
    at.multiselect(key="predict.models").set_value([second]).run()
    at.multiselect(key="predict.models").set_value([second, first]).run()
    assert asked == [([first], ["a.jpg", "b.jpg"]), ([second], ["a.jpg", "b.jpg"])]


def test_a_model_that_fails_when_it_is_added_leaves_the_results_of_the_others(filled, monkeypatch):
    first, second = [run.id for run in filled.with_status("FINISHED")]

    def predict(self, references, photos, *, top=5, confidence=0.95):
        if references == (second,):
            raise Unavailable("The model's files are damaged. Train it again.")
        return [_said(references, name, data) for name, data in photos]

    monkeypatch.setattr(Workbench, "predict", predict)
    at = visit("predict", models=first)
    at.file_uploader(key="predict.files").upload("a.jpg", PHOTO).run()
    at.multiselect(key="predict.models").set_value([first, second]).run()
    assert not at.exception and not at.error
    assert "files are damaged" in at.warning[0].value and "<strong>rose</strong>" in answers_of(at)


def test_earlier_photos_of_the_visit_can_be_shown_again_and_forgotten(filled, asked):
    at = visit("predict")
    at.get("file_uploader")[0].set_value([("a.jpg", PHOTO, "image/jpeg")]).run()
    at.get("file_uploader")[0].set_value([("b.jpg", tiny_jpeg(1, 2), "image/jpeg")]).run()
    assert first_line(at) == "Predicted: rose." and at.toggle(key="predict.earlier").label == "Show 1 earlier photo"
    at.toggle(key="predict.earlier").set_value(True).run()
    assert first_line(at) == "2 photos: 2 × rose." and "a.jpg" in files_of(at)
    assert len(asked) == 2, "it is not predicted again"
    at.button(key="predict.earlier.clear").click().run()
    assert first_line(at) == "Predicted: rose." and "predict.earlier" not in [one.key for one in at.toggle]


def test_the_predictions_are_downloaded_as_csv_and_json(filled, asked):
    at = visit("predict")
    at.file_uploader(key="predict.files").upload("no.jpg", b"text").upload("yes.jpg", PHOTO).run()
    assert [button.proto.label for button in at.get("download_button")] == ["CSV", "JSON"]


def test_what_is_no_photo_gets_a_sentence_and_the_others_are_answered(filled, asked):
    at = visit("predict")
    at.file_uploader(key="predict.files").upload("no.jpg", b"text").upload("yes.jpg", PHOTO).run()
    assert not at.exception
    assert "It is not a photo" in at.error[0].value and answers_of(at).count("<strong>rose</strong>") == 1
    assert "1 file could not be read" in first_line(at)


def test_a_model_that_cannot_answer_is_said(filled, monkeypatch):
    def refuse(*args, **options):
        raise Unavailable("The model's files are damaged. Train it again.")

    monkeypatch.setattr(Workbench, "predict", refuse)
    at = visit("predict")
    at.file_uploader(key="predict.files").upload("mine.jpg", PHOTO).run()
    assert not at.exception and "files are damaged" in at.error[0].value
    assert first_line(at) == "No prediction could be made."


def test_redrawing_the_page_does_not_ask_again(filled, asked):
    at = visit("predict")
    at.file_uploader(key="predict.files").upload("mine.jpg", PHOTO).run()
    at.run()
    assert len(asked) == 1


@pytest.mark.parametrize("reference", ["m-nothing", "../../x", "<b>"])
def test_an_unknown_model_in_the_url_is_said_in_a_sentence(filled, reference):
    at = visit("predict", models=reference)
    assert not at.exception and len(at.warning) == 1


def test_choosing_no_model_says_what_to_do(filled, asked):
    at = visit("predict")
    at.multiselect(key="predict.models").set_value([]).run()
    assert first_line(at) == "Choose a model."


def test_one_model_on_several_photos_says_how_often_it_said_what(asked, filled):
    at = visit("predict")
    at.get("file_uploader")[0].set_value([("a.jpg", PHOTO, "image/jpeg"), ("b.jpg", tiny_jpeg(1, 2), "image/jpeg")])
    assert first_line(at.run()) == "2 photos: 2 × rose."


def test_the_champion_answers_first(bench):
    finished = fill(bench.registry, bench.settings, runs=9).with_status("FINISHED")
    worst = min(finished, key=lambda run: run.test_accuracy)
    bench.set_alias(worst.id)
    chosen = visit("predict").multiselect(key="predict.models")
    assert chosen.value == [worst.id] and chosen.options[0].startswith("champion · ")
    assert visit("predict", models="flowers@champion").multiselect(key="predict.models").value == [worst.id]


def test_archived_models_are_not_offered_but_a_link_to_one_still_works(bench, filled):
    archived, other = filled.with_status("FINISHED")
    bench.archive([archived.id])
    assert len(visit("predict").multiselect(key="predict.models").options) == 1
    assert visit("predict", models=archived.id).multiselect(key="predict.models").value == [archived.id]


def test_a_model_whose_weights_were_deleted_is_said_in_one_sentence(bench, filled):
    gone = filled.with_status("FINISHED")[0]
    bench.delete_weights([gone.id])
    at = visit("predict", models=gone.id)
    assert not at.exception and "were deleted" in at.warning[0].value and len(at.warning) == 1


def test_of_very_many_models_the_most_accurate_are_listed_and_every_other_can_be_linked(bench):
    fill_many(bench.registry, bench.settings, 300, 1, files=0)
    runs = sorted((run for run in bench.registry.runs() if run.test_accuracy), key=lambda run: -run.test_accuracy)
    listed = visit("predict").multiselect(key="predict.models").options
    assert len(listed) == 200 < len(runs)
    use = bench.registry.run(bench.verdict(runs[0].dataset_id).recommended.run_id)
    assert use.name in listed[0], "the recommended one comes first"
    assert any(runs[0].name in option for option in listed) and not any(runs[-1].name in option for option in listed)
    assert visit("predict", models=runs[-1].id).multiselect(key="predict.models").value == [runs[-1].id]


@pytest.fixture
def unlabelled(bench, tmp_path):
    """A dataset with 26 photos without a class."""
    files = classes("train/", cat=6, dog=6) | {f"test/{number:02}.jpg": jpeg(500 + number) for number in range(26)}
    dataset, _ = bench.import_photos(archive(tmp_path / "pets.zip", files))
    assert dataset.unlabelled == 26
    return dataset


def test_unlabelled_photos_of_a_dataset_are_chosen_page_by_page(filled, unlabelled, asked):
    at = visit("predict")
    assert "Unlabelled photos" in [box.label for box in at.expander]
    chosen = at.multiselect(key=f"predict.unlabelled.{unlabelled.id}.1")
    assert len(chosen.options) == 24
    chosen.select("test/00.jpg").select("test/03.jpg").run()
    assert not at.exception and asked[-1][1] == ["test/00.jpg", "test/03.jpg"]
    at.number_input(key=f"predict.unlabelled.page.{unlabelled.id}").set_value(2).run()
    assert at.multiselect(key=f"predict.unlabelled.{unlabelled.id}.2").options == ["test/24.jpg", "test/25.jpg"]


def test_a_link_opens_the_unlabelled_photos_of_its_dataset(filled, unlabelled, asked):
    at = visit("predict", unlabelled=unlabelled.id)
    assert not at.exception and at.selectbox(key="predict.unlabelled.dataset").value == unlabelled.id


def test_a_link_to_unlabelled_photos_chooses_a_model_of_their_dataset(bench, filled, unlabelled):
    newer = fill(bench.registry, bench.settings, name="newer")
    runs = newer.with_status("FINISHED")
    chosen = visit("predict").multiselect(key="predict.models").value
    assert chosen[0] in {run.id for run in runs}
    at = visit("predict", unlabelled=filled.dataset.id)
    assert at.multiselect(key="predict.models").value[0] in {run.id for run in filled.with_status("FINISHED")}
    at.multiselect(key="predict.models").set_value([runs[0].id]).run()
    assert dict(at.query_params) == {"models": runs[0].id, "unlabelled": filled.dataset.id}
    assert visit("predict", unlabelled=unlabelled.id).multiselect(key="predict.models").value == chosen, "it has none"


def test_without_unlabelled_photos_nothing_is_said_of_them(filled):
    at = visit("predict", unlabelled="d-none")
    assert [box.label for box in at.expander] == ["Many photos: a ZIP or a folder"]


# --- test photos to try ---


def test_test_photos_of_the_dataset_can_be_tried_before_any_upload(bench, filled, asked):
    at = visit("predict")
    assert [box.label for box in samples(at)] == ["daisy", "daisy", "rose", "sunflower", "sunflower", "tulip"]
    samples(at)[2].check().run()
    assert not at.exception and first_line(at) == "Predicted: rose."
    assert ":green[:material/check:] correct" in text_of(at)
    samples(at)[0].check().run()
    assert first_line(at) == "2 photos: 2 × rose." and "labelled daisy" in text_of(at), "the model says rose"
    link = dict(at.query_params)["photos"]
    assert link.count(f"{filled.dataset.id}:") == 2
    again = visit("predict", photos=link)
    assert first_line(again) == "2 photos: 2 × rose." and sum(box.value for box in samples(again)) == 2
    samples(at)[0].uncheck().run()
    assert first_line(at) == "Predicted: rose." and dict(at.query_params)["photos"].count(":") == 1


@pytest.mark.parametrize(
    ("photos", "sentence"),
    [
        ("nothing", "A photo in the address is DATASET"),
        ("d-none:0123456789abcdef", "There is no dataset 'd-none'"),
        ("flowers:0123456789abcdef", "has no photo with the digest "),
        ("flowers:%", "has no photo with the digest "),
    ],
)
def test_a_wrong_photo_in_the_address_is_one_sentence(filled, asked, photos, sentence):
    at = visit("predict", photos=photos)
    assert not at.exception and len(at.warning) == 1 and sentence.split("'")[0] in at.warning[0].value.replace("\\", "")


def test_a_photo_of_any_split_can_be_linked_by_the_name_of_its_dataset(bench, filled, asked):
    photo = bench.registry.photos(filled.dataset.id, split="train", limit=1)[0]
    at = visit("predict", photos=f"flowers:{photo.digest[:8]}")
    assert first_line(at) == "Predicted: rose." and photo.file.rpartition("/")[2] in files_of(at)


def test_other_test_photos_can_be_shown(filled, asked):
    at = visit("predict")
    before = [box.key for box in samples(at)]
    at.button(key="predict.others").click().run()
    after = [box.key for box in samples(at)]
    assert after and not set(before) & set(after)
    at.button(key="predict.others").click().run()
    assert [box.key for box in samples(at)] == before


def test_test_photos_are_those_of_the_dataset_of_the_first_model(bench, filled):
    other = fill(bench.registry, bench.settings, name="birds", class_names=("owl", "wren"))
    at = visit("predict", models=other.with_status("FINISHED")[0].id)
    assert {box.label for box in samples(at)} == {"owl", "wren"}


# --- the camera ---


def test_the_camera_is_asked_for_only_after_its_switch(filled):
    at = visit("predict")
    assert not at.toggle(key="predict.camera").value
    at.toggle(key="predict.camera").set_value(True).run()
    assert not at.exception and "The predictions are shown here once the camera runs" in text_of(at)


def test_kept_frames_of_the_camera_are_on_the_wall_and_can_be_removed(filled, asked):
    at = visit("predict")
    at.session_state["predict.frames"] = [PHOTO, tiny_jpeg(1, 2)]
    at.run()
    assert asked[-1][1] == ["camera 1.jpg", "camera 2.jpg"] and first_line(at) == "2 photos: 2 × rose."
    at.button(key="predict.frames.clear").click().run()
    assert not at.exception and not answers_of(at)
