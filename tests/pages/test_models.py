"""Models: what do I have and where did it come from?"""

import pytest

from tests.factories import fill
from tests.pages.conftest import first_line, link_labels, text_of, visit


def test_without_models_the_page_leads_to_training(bench):
    at = visit("models")
    assert not at.exception and "Choose what to train" in link_labels(at)


def test_the_best_model_comes_first_with_its_lineage(filled):
    at = visit("models")
    assert not at.exception and first_line(at).startswith("2 models, ")
    text = text_of(at).replace("\\", "")
    assert text.count("Best of this dataset") == 1
    assert "flowers · v1 →" in text and "SHA-256" in text
    assert [metric.value for metric in at.metric if metric.label == "Files"] == ["verified", "verified"]


def test_a_changed_file_is_said(bench, filled):
    model = bench.models()[0]
    (bench.settings.home / model.path).write_bytes(b"something else")
    at = visit("models")
    assert sorted(metric.value for metric in at.metric if metric.label == "Files") == ["damaged", "verified"]
    assert "missing or was changed" in at.error[0].value


def test_deleting_a_model_keeps_its_run(bench, filled):
    model = bench.models()[0]
    at = visit("models")
    at.button(key=f"model.delete.{model.id}").click().run()
    assert "1 model" in text_of(at) and "figures stay" in text_of(at)
    at.button(key=f"model.delete.{model.id}-yes").click().run()
    assert not at.exception and model.id not in [left.id for left in bench.models()]
    assert bench.run(model.run_id).test_accuracy is not None


def test_models_can_be_downloaded_and_asked(filled):
    at = visit("models")
    assert len(at.get("download_button")) == 2 and link_labels(at).count("Predict") == 2


def test_the_dataset_of_the_url_is_shown(bench, filled):
    fill(bench.registry, bench.settings, name="newer", runs=1)
    at = visit("models", dataset=filled.dataset.id)
    assert at.selectbox(key="models.dataset").value == filled.dataset.id and "flowers · v1 →" in text_of(at).replace(
        "\\", ""
    )


def test_many_models_are_paged(bench):
    fill(bench.registry, bench.settings, runs=20)
    at = visit("models")
    assert len(at.get("download_button")) == 10
    at.number_input(key="models.page").set_value(2).run()
    assert len(at.get("download_button")) == 6


@pytest.mark.parametrize("reference", ["d-nothing", "../x"])
def test_an_unknown_dataset_in_the_url_is_said_in_a_sentence(filled, reference):
    at = visit("models", dataset=reference)
    assert not at.exception and "no dataset" in at.error[0].value
