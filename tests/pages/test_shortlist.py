"""What is worth training, on the page Train."""

import pytest

from core.advising.values import NeighbourScore
from core.files import atomic
from core.files.home import advice_job
from core.files.locks import acquire
from core.recipes.patterns import Pattern
from core.web.train import shortlist_card
from core.web.train.shortlist_card import TITLE
from tests.core.advising.test_values import make_candidate, make_shortlist
from tests.factories import fill
from tests.pages.conftest import text_of, visit


@pytest.fixture
def dataset(bench):
    return fill(bench.registry, bench.settings, runs=0).dataset


def keep(bench, dataset, **changes):
    found = make_shortlist(dataset.id, **changes)
    bench.registry.add_shortlist(dataset.id, {}, found.to_json(), found.seconds)
    return found


def said(at):
    return text_of(at).replace("\\", "")


def test_one_click_starts_it_with_the_minutes(bench, dataset, monkeypatch):
    started = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: started.append(arguments))
    at = visit("train", dataset=dataset.id)
    assert "Linear probes on a growing sample" in said(at)
    at.number_input(key="shortlist.minutes").set_value(12.0).run()
    at.button(key="shortlist.start").click().run()
    assert len(started) == 1 and not at.exception
    assert '"minutes": 12.0' in advice_job(bench.settings, dataset.id).request.read_text()


def test_what_the_nearest_photos_say_is_shown_while_it_runs(bench, dataset):
    folder = advice_job(bench.settings, dataset.id)
    folder.path.mkdir(parents=True)
    folder.request.write_text("{}")
    near = NeighbourScore(
        title="SqueezeNet", size=227, accuracy=0.6, low=0.5, high=0.7, photos=128, validation=100, seconds=2.5
    )
    with acquire(folder.alive_lock):
        status = {"state": "running", "stage": "Computing features", "done": 30, "total": 90, "neighbours": vars(near)}
        atomic.write_json(folder.status, status)
        at = visit("train", dataset=dataset.id)
        assert "the nearest photos name the class of **60 % (50–70)** of 100 validation photos" in said(at)
        at.button(key="shortlist.cancel").click().run()
    assert folder.cancel.exists()


def test_one_click_ticks_what_is_named(bench, dataset):
    keep(
        bench,
        dataset,
        candidates=(
            make_candidate(1, name="Lite1", backbone="efficientnet_lite1", size=352),
            make_candidate(2, name="MobileNet", backbone="mobilenet_v1", pattern="multi_layer_probe", favourite=True),
        ),
    )
    at = visit("train", dataset=dataset.id)
    assert "Train these 2, in this order, about 1 min: Lite1 and MobileNet." in said(at)
    assert "It cannot tell" not in said(at) and "A note." in said(at)
    at.button(key="shortlist.tick").click().run()
    assert not at.exception
    assert at.button_group(key="train.cells.efficientnet_lite1").value == [Pattern.STANDALONE_EXTRACTOR]
    assert at.button_group(key="train.cells.mobilenet_v1").value == [Pattern.MULTI_LAYER_PROBE]
    plan = next(frame.value for frame in at.dataframe if "Plan" in frame.value)
    assert len(plan) == 2


def card(at):
    return next(one for one in at.expander if one.label == "What is worth training?")


def test_the_card_is_open_while_something_that_it_named_is_to_be_trained(bench, dataset):
    assert not card(visit("train", dataset=dataset.id)).proto.expanded
    keep(bench, dataset)
    at = visit("train", dataset=dataset.id)
    assert card(at).proto.expanded
    told = said(at)
    assert told.index("Train these 2") < told.index("Linear probes on a growing sample")


def test_too_few_photos_and_a_regret_that_is_not_known_are_said(bench, dataset):
    keep(bench, dataset, too_few=True)
    at = visit("train", dataset=dataset.id)
    assert "Too few photos to tell" in said(at) and "so the regret is not known" in said(at)


def test_a_shortlist_that_failed_says_why(bench, dataset):
    folder = advice_job(bench.settings, dataset.id)
    folder.path.mkdir(parents=True)
    folder.request.write_text("{}")
    atomic.write_json(folder.status, {"state": "failed", "message": "No recipe of the shortlist fits into 1 minutes."})
    assert "No recipe of the shortlist fits" in said(visit("train", dataset=dataset.id))


def test_what_it_named_is_open_until_it_was_trained_but_not_above_the_grid(bench, dataset):
    keep(bench, dataset)

    def is_open(start):
        at = visit("train", dataset=dataset.id, start=start)
        return next(one.proto.expanded for one in at.expander if one.label == TITLE)

    assert is_open("quick") and not is_open("custom")


def test_what_differs_from_the_best_is_less_or_more_accurate_than_it():
    best = make_candidate(log_loss=0.3, accuracy=0.8)
    others = [make_candidate(log_loss=0.5, accuracy=accuracy, same=False) for accuracy in (0.7, 0.9)]
    found = [row["Against the best"] for row in shortlist_card._rows([others[0], best, others[1]])]
    assert found == ["less accurate", "not distinguishable", "more accurate"]
