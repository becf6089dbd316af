"""Predict: what do the models say about this photo?"""

import pytest

from core.datasets.decoding.photos import StoredPhoto
from core.errors import Unavailable
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

    def predict(self, references, photos, *, top=5):
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
            unsure=place > 0,
            unsure_below=0.5,
            problem="",
        )
        for place, run_id in enumerate(references)
    )
    return PhotoPredictions(name=name, problem="", jpeg=given, width=96, height=90, predictions=answers)


def answers_of(at) -> str:
    """The HTML of the answers on the wall."""
    return "".join(block.proto.body for block in at.get("html") if 'class="answer"' in block.proto.body)


def samples(at) -> list:
    """The boxes of the test photos that can be tried."""
    return [box for box in at.checkbox if box.key.startswith("predict.sample.")]


def test_without_models_the_page_leads_to_training(bench):
    at = visit("predict")
    assert not at.exception and "Choose what to train" in link_labels(at)


def test_the_recommended_model_of_the_newest_dataset_is_chosen(bench, filled):
    found = bench.verdict(filled.dataset.id)
    assert visit("predict").multiselect(key="predict.models").value == [found.recommended.run_id]


def test_a_cheaper_model_that_is_not_distinguishable_is_chosen_before_the_most_accurate(bench):
    filled = fill(bench.registry, bench.settings, runs=9)
    found = bench.verdict(filled.dataset.id)
    assert found.recommended.run_id != found.best.run_id
    assert visit("predict").multiselect(key="predict.models").value == [found.recommended.run_id]


def test_a_dropped_photo_is_answered_in_large_letters_and_opens_to_the_bars(filled, asked):
    at = visit("predict")
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
    at = visit("predict", models=",".join(ids))
    at.file_uploader(key="predict.files").upload("mine.jpg", PHOTO).run()
    assert asked == [(ids, ["mine.jpg"])]
    assert first_line(at) == "1 photo, 2 models: agree on rose."
    assert "2 of 2 models" in answers_of(at) and answers_of(at).count('class="dot"') == 2
    assert text_of(at).count("unsure") == 1
    at.button(key="open.0").click().run()
    assert len(at.get("progress")) == 4


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
    assert not at.exception and len(at.error) == 1


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
    assert not at.exception and "were deleted" in at.error[0].value and len(at.error) == 1


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
    assert not visit("predict", unlabelled="d-none").expander


# --- test photos to try ---


def test_test_photos_of_the_dataset_can_be_tried_before_any_upload(bench, filled, asked):
    at = visit("predict")
    assert [box.label for box in samples(at)] == ["daisy", "daisy", "rose", "sunflower", "sunflower", "tulip"]
    samples(at)[2].check().run()
    assert not at.exception and first_line(at) == "Predicted: rose."
    assert ":green[:material/check:] correct" in text_of(at)
    samples(at)[0].check().run()
    assert len(asked[-1][1]) == 2 and "labelled daisy" in text_of(at), "the model says rose"
    samples(at)[2].uncheck().run()
    assert first_line(at) == "Predicted: rose." and len(asked[-1][1]) == 1


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
    assert not at.exception and "The answers stand here once the camera runs" in text_of(at)


def test_kept_frames_of_the_camera_are_on_the_wall_and_can_be_removed(filled, asked):
    at = visit("predict")
    at.session_state["predict.frames"] = [PHOTO, tiny_jpeg(1, 2)]
    at.run()
    assert asked[-1][1] == ["camera 1.jpg", "camera 2.jpg"] and first_line(at) == "2 photos: 2 × rose."
    at.button(key="predict.frames.clear").click().run()
    assert not at.exception and not answers_of(at)
