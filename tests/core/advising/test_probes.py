"""Probes."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier

from core.advising.probes import ProbeData, probe, probe_predictions, right_by_neighbours, right_by_probe
from core.curation.folds import unit_rows

CLASSES, SIZE = 3, 12


def data(spread: float = 1.0, photos: int = 90) -> ProbeData:
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(CLASSES, SIZE))
    labels = np.arange(photos) % CLASSES
    rows = centres[labels] + spread * generator.normal(size=(photos, SIZE))
    half = photos // 2
    return ProbeData(
        train=(rows[:half],), labels=labels[:half], validation=(rows[half:],), validation_labels=labels[half:],
        classes=CLASSES,
    )  # fmt: skip


def test_classes_that_lie_apart_are_told_apart():
    assert right_by_probe(data(0.1)).all() and right_by_neighbours(data(0.1)).all()


def test_noise_is_not():
    assert right_by_probe(data(1000)).mean() < 0.6


def test_the_probe_is_linear_discriminant_analysis():
    one = data(1.5)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5).fit(unit_rows(one.train[0]), one.labels)
    expected = model.predict(unit_rows(one.validation[0]))
    assert (probe_predictions(one) == expected).mean() >= 0.95


def test_the_neighbours_vote_as_those_of_scikit_learn():
    one = data(1.5)
    model = KNeighborsClassifier(n_neighbors=5, metric="cosine").fit(one.train[0], one.labels)
    votes = model.predict_proba(one.validation[0])
    clear = np.sort(votes, axis=1)[:, -1] > np.sort(votes, axis=1)[:, -2]
    expected = votes.argmax(axis=1) == one.validation_labels
    assert (right_by_neighbours(one) == expected)[clear].all()


def test_the_scale_of_a_cut_makes_no_difference():
    one = data(1.5)
    noise = np.random.default_rng(1).normal(size=(45, SIZE))
    two = replace(one, train=(one.train[0], 1e-3 * noise), validation=(one.validation[0], 1e-3 * noise))
    other = replace(one, train=(one.train[0], 1e3 * noise), validation=(one.validation[0], 1e3 * noise))
    assert (right_by_probe(two) == right_by_probe(other)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_no_numbers_count_as_nothing(bad):
    one = data(0.1)
    one.train[0][0] = bad
    one.validation[0][0] = bad
    assert right_by_probe(one)[1:].all()


def test_a_class_without_a_training_photo_is_never_named():
    one = data(0.1)
    inside = one.labels != 2
    some = replace(one, train=(one.train[0][inside],), labels=one.labels[inside])
    assert 2 not in probe_predictions(some)


def test_the_less_noise_the_lower_the_log_loss_down_to_nothing_where_every_class_is_named():
    losses = [probe(data(spread)).log_loss for spread in (0.1, 1.0, 1.5, 2.5)]
    assert losses == sorted(losses) and len(set(losses)) == 4 and losses[0] == 0.0


def test_the_log_loss_does_not_depend_on_the_scale_of_the_scores_and_no_class_costs_all():
    one = data(1.5)
    noise = probe(data(1000))
    assert 0 < probe(one).log_loss < noise.log_loss < 1.2 * np.log(CLASSES)
    inside = one.labels != 2
    some = replace(one, train=(one.train[0][inside],), labels=one.labels[inside])
    assert np.isfinite(probe(some).log_loss) and probe(some).log_loss > probe(one).log_loss
