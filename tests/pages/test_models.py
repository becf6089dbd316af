"""Models: which models exist, and what were they made from?"""

import pytest

from core.comparison.summary import recommendation
from core.text.units import brief
from core.web.models.ready import most_accurate
from core.workbench.organise import login_name
from tests.factories import fill
from tests.pages.conftest import first_line, link_labels, text_of, visit


def test_without_models_the_page_leads_to_training(bench):
    at = visit("models")
    assert not at.exception and "Import photos" in link_labels(at)  # without photos nothing can be trained
    fill(bench.registry, runs=0)
    assert "Choose what to train" in link_labels(visit("models"))


def test_every_model_says_where_it_came_from_and_how_it_compares(bench, filled):
    at = visit("models")
    assert not at.exception and first_line(at).startswith("2 models, ")
    text = text_of(at).replace("\\", "")
    assert text.count("Most accurate]") == 1 and text.count("Not distinguishable from the most accurate]") == 1
    assert text.count("Recommended]") == 1 and "No champion yet" in text
    said = (
        "Trained on flowers v1 (80 photos) from EfficientNet-Lite0, ImageNet weights, Apache-2.0; 12 epochs, finished"
    )
    assert said in text and "SHA-256" in text
    assert [metric.value for metric in at.metric if metric.label == "Files"] == ["verified", "verified"]


def test_the_page_says_the_same_verdict_as_every_other(bench):
    filled = fill(bench.registry, bench.settings, runs=20)
    found = bench.verdict(filled.dataset.id)
    names = {run.id: brief(run.name) for run in filled.runs}
    line = first_line(visit("models")).replace("\\", "")
    assert recommendation(found, names) in line and "For flowers: Use " in line
    assert recommendation(found, names) in first_line(visit()).replace("\\", "")


def test_the_recommended_model_comes_first_on_the_first_page(bench):
    filled = fill(bench.registry, bench.settings, runs=9)
    bench.archive([filled.runs[3].id])  # as accurate as the best and as cheap as any
    use = bench.verdict(filled.dataset.id).recommended.run_id
    by_accuracy = most_accurate(bench, filled.dataset.id, limit=1)[0][0].id
    assert use != by_accuracy
    keys = export_keys()
    assert keys[0] == f"model.export.{bench.registry.model(use).id}" and len(keys) == len(set(keys))
    bench.delete_weights([use])
    assert export_keys()[0] == f"model.export.{bench.registry.model(by_accuracy).id}"


def export_keys(at=None) -> list[str]:
    buttons = (at or visit("models")).button
    return [str(button.key) for button in buttons if str(button.key).startswith("model.export.")]


def test_an_archived_model_is_not_compared(bench, filled):
    one, other = filled.with_status("FINISHED")
    bench.archive([one.id])
    at = visit("models")
    at.toggle(key="models.archived").set_value(True).run()
    text = text_of(at)
    assert text.count("Most accurate]") == 1 and "Not distinguishable" not in text


def test_a_changed_file_is_reported(bench, filled):
    model = bench.registry.models()[0]
    (bench.settings.home / model.path).write_bytes(b"something else")
    at = visit("models")
    assert sorted(metric.value for metric in at.metric if metric.label == "Files") == ["damaged", "verified"]
    assert "missing or was changed" in at.error[0].value


def test_deleting_a_model_keeps_its_run(bench, filled):
    model = bench.registry.models()[0]
    at = visit("models")
    at.button(key=f"model.delete.{model.id}").click().run()
    assert "1 model" in text_of(at) and "are kept for comparisons" in text_of(at)
    at.button(key=f"model.delete.{model.id}-yes").click().run()
    assert not at.exception and model.id not in [left.id for left in bench.registry.models()]
    assert bench.registry.run(model.run_id).test_accuracy is not None


# --- the champion ---


def choose(at, key: str, why: str = ""):
    """Click a button with a dialog for the reason, and confirm."""
    at.button(key=key).click().run()
    at.text_input(key=f"{key}.why").input(why)
    return at.button(key=f"{key}-yes").click().run()


def moves(at) -> list[str]:
    """The entries of the history, newest first, unescaped."""
    (history,) = [markdown.value for markdown in at.markdown if markdown.value.startswith("- **")]
    return history.replace("\\", "").splitlines()


def test_the_champion_comes_first_with_who_when_and_why(bench):
    finished = fill(bench.registry, bench.settings, runs=9).with_status("FINISHED")
    worse, *_, better = sorted(finished, key=lambda run: run.test_accuracy)
    assert worse.test_accuracy < better.test_accuracy
    at = visit("models")
    choose(at, f"model.champion.{bench.registry.model(worse.id).id}", "fits on the phone")
    assert not at.exception and bench.aliases("flowers")["champion"].run_id == worse.id
    text = text_of(at).replace("\\", "")
    assert "Champion" in text and "fits on the phone" in text and f"by {login_name()}" in text
    assert better.id != worse.id
    assert len(moves(at)) == 1 and moves(at)[0].endswith(f"</time> by {login_name()}: fits on the phone")


def test_a_champion_is_rolled_back_and_the_history_only_grows(bench, filled):
    one, other = (bench.registry.model(run.id) for run in filled.with_status("FINISHED"))
    at = visit("models")
    assert "champion.back" not in [button.key for button in at.button]
    choose(at, f"model.champion.{one.id}", "first")
    choose(at, f"model.champion.{other.id}", "better")
    choose(at, "champion.back", "too slow")
    assert not at.exception and bench.aliases("flowers")["champion"].run_id == one.run_id
    assert [move.rpartition(": ")[2] for move in moves(at)] == ["too slow", "better", "first"]
    assert moves(at)[0].startswith("- **Back to ")


def test_a_champion_can_be_removed(bench, filled):
    bench.set_alias(filled.with_status("FINISHED")[0].id)
    at = choose(visit("models"), "champion.drop", "none is good enough")
    assert bench.aliases("flowers") == {} and "No champion yet" in text_of(at)
    assert moves(at)[0].startswith("- **Removed**")


def test_a_deleted_champion_is_reported_and_the_one_before_can_be_restored(bench, filled):
    one, other = filled.with_status("FINISHED")
    bench.set_alias(one.id)
    bench.set_alias(other.id)
    bench.delete_runs([other.id])
    at = visit("models")
    assert "which was deleted since" in at.warning[0].value and other.id.replace("-", r"\-") in at.warning[0].value
    choose(at, "champion.back", "it was there before")
    assert bench.aliases("flowers")["champion"].run_id == one.id and not at.warning


def test_a_champion_without_weights_is_reported(bench, filled):
    run = filled.with_status("FINISHED")[0]
    bench.set_alias(run.id)
    bench.delete_weights([run.id])
    at = visit("models")
    assert not at.exception and "Its weights were deleted" in at.warning[0].value


def test_archived_models_are_hidden_until_asked_for(bench, filled):
    bench.archive([filled.with_status("FINISHED")[0].id])
    at = visit("models")
    assert len(export_keys(at)) == 1
    at.toggle(key="models.archived").set_value(True).run()
    assert len(export_keys(at)) == 2 and "Archived" in text_of(at)


def test_models_can_be_taken_home_and_predict(filled):
    assert len(export_keys()) == 2 and link_labels(visit("models")).count("Predict") == 2


def test_a_file_that_returns_features_is_called_that(bench, filled):
    model = bench.registry.models()[0]
    older = model.card | {"recipe": {"pattern": "standalone_extractor"}, "model": {"file": "model.keras"}}
    bench.registry.replace_card(model.id, card=older, sha256=model.sha256, size_bytes=model.size_bytes)
    told = [metric.help for metric in visit("models").metric if metric.label == "Size"]
    assert len(told) == 2 and sum("(features)" in one for one in told) == 1


def test_the_dataset_of_the_url_is_shown(bench, filled):
    fill(bench.registry, bench.settings, name="newer", runs=1)
    at = visit("models", dataset=filled.dataset.id)
    assert at.selectbox(key="models.dataset").value == filled.dataset.id and "Trained on flowers v1" in text_of(
        at
    ).replace("\\", "")


def test_many_models_are_paged(bench):
    fill(bench.registry, bench.settings, runs=20)
    at = visit("models")
    assert len(export_keys(at)) == 10
    at.pagination(key="models.page").set_value(2).run()
    assert len(export_keys(at)) == 6


@pytest.mark.parametrize("reference", ["d-nothing", "../x"])
def test_an_unknown_dataset_in_the_url_is_one_error(filled, reference):
    at = visit("models", dataset=reference)
    assert not at.exception and "no dataset" in at.warning[0].value
