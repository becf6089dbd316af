"""Photos of a confusion cell and of the photo map are kept, relabelled or excluded where they are seen."""

import numpy as np
import pytest

from core.curation.decisions import PhotoAction, decide, decisions_on, standing
from core.people.acting import Person, Role, acting_as
from core.runs.predictions import read_predictions
from core.web.compare.views.marking import POPOVER
from tests.pages.conftest import text_of, visit
from tests.pages.leaderboard import visited
from tests.pattern_home import fill_patterns


@pytest.fixture
def mistakes(bench, filled):
    """(run, photos that it predicts wrongly, with the class that it predicts)."""
    found = bench.comparison([run.id for run in filled.runs if run.test_accuracy is not None])
    one = min(found.predictions.values(), key=lambda one: one.accuracy)
    wrong = {
        one.digests[row]: found.class_names[int(one.predicted[row])] for row in np.flatnonzero(~one.correct).tolist()
    }
    assert len(wrong) > 1
    return one.run_id, wrong


def opened(at):
    at.session_state[POPOVER] = True
    return at.run()


def cell_of(bench, filled, digest, predicted):
    return f"{bench.registry.photo(filled.dataset.id, digest).class_name}|{predicted}"


def decided(bench, filled):
    found = standing(decisions_on(filled.dataset, bench.settings))
    return {digest: (one.action, one.target, one.by) for digest, one in found.items()}


def visit_cell(bench, filled, mistakes):
    run_id, wrong = mistakes
    digest, predicted = next(iter(wrong.items()))
    at = visited(runs=run_id, view="confusion", cell=cell_of(bench, filled, digest, predicted))
    return opened(at), digest, predicted


def test_a_photo_of_a_cell_is_relabelled_as_predicted_and_undone(bench, filled, mistakes):
    at, digest, predicted = visit_cell(bench, filled, mistakes)
    assert not at.exception and at.button(key="check.suggested").label == f"Relabel as {predicted}"
    at.button(key="check.suggested").click().run()
    ((found, (action, target, _)),) = decided(bench, filled).items()
    assert (action, target) == (PhotoAction.RELABEL, predicted) and not at.exception
    assert bench.registry.photo(filled.dataset.id, found).class_name != predicted
    assert "1 photo relabelled" in text_of(at)
    at.button(key="check.undo").click().run()
    assert decided(bench, filled) == {} and not at.exception


def test_the_photo_of_the_map_is_excluded_and_the_check_of_the_dataset_knows(bench):
    run = fill_patterns(bench)["ensemble"]
    dataset = bench.registry.dataset(run.dataset_id)
    digest = read_predictions(run.id, "test", bench.settings).digests[0]
    at = opened(visited(runs=run.id, view="map", cell=digest))
    at.button(key="check.exclude").click().run()
    (made,) = decisions_on(dataset, bench.settings)
    assert not at.exception and (made.digest, made.action) == (digest, PhotoAction.EXCLUDE)
    page = visit("datasets", dataset=dataset.id, check="labels")
    assert "1 photo excluded" in text_of(page), "although nobody has checked the dataset"
    assert page.button(key="check.apply").label == "Make version 2"


def test_two_people_at_once_lose_nothing(bench, filled, mistakes):
    at, digest, predicted = visit_cell(bench, filled, mistakes)
    other = next(photo.digest for photo in bench.registry.photos(filled.dataset.id) if photo.digest != digest)
    with acting_as(Person(name="ann", role=Role.TRAINER)):
        decide(filled.dataset, [other], PhotoAction.EXCLUDE, registry=bench.registry, settings=bench.settings)
    at.button(key="check.keep").click().run()
    found = decided(bench, filled)
    assert found[other] == (PhotoAction.EXCLUDE, "", "ann") and len(found) == 2
    at.button(key="check.undo").click().run()
    assert set(decided(bench, filled)) == {other}, "the decision of the other person stays"


def test_nothing_is_read_or_drawn_before_it_is_opened(bench, filled, mistakes):
    run_id, wrong = mistakes
    at = visited(runs=run_id, view="confusion")
    assert not at.exception and not [one for one in at.button if one.key == "check.keep"]
