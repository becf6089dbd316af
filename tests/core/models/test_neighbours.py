"""Distances between features of length 1, of one or several networks, of vectors or of maps."""

import numpy as np
import pytest

from core.models.neighbours import FEW, FeatureColumns, distances, nearest, pooled_rows


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def rows():
    return np.random.default_rng(0).uniform(0, 5, (30, 8)).astype(np.float32)


def test_distances_are_those_of_scikit_learn_between_features_of_length_one(rows):
    from sklearn.metrics import pairwise_distances

    photos = np.random.default_rng(1).uniform(0, 5, (4, 8))
    assert np.allclose(distances([photos], [FeatureColumns(rows)]), pairwise_distances(unit(photos), unit(rows)))


def test_the_length_of_features_does_not_count(rows):
    found = distances([rows[:3] * 7], [FeatureColumns(rows)])
    assert np.allclose(found, distances([rows[:3]], [FeatureColumns(rows)]), atol=2e-3)
    assert np.abs(found[range(3), range(3)]).max() < 2e-3


def test_several_networks_count_alike_whatever_their_scale(rows):
    other = np.random.default_rng(2).uniform(0, 5000, (30, 3))
    found = distances([rows[:2], other[:2]], [FeatureColumns(rows), FeatureColumns(other)])
    together = np.concatenate([unit(rows), unit(other)], axis=1) / np.sqrt(2)
    expected = np.linalg.norm(together[:2, None] - together[None], axis=2)
    assert np.allclose(found, expected, atol=2e-3)


def test_maps_are_averaged_over_their_positions():
    maps = np.random.default_rng(3).normal(size=(5, 2, 3, 4)).astype(np.float16)
    assert np.allclose(pooled_rows(maps), maps.astype(np.float32).mean(axis=(1, 2)))
    assert FeatureColumns(maps).size == 4


def test_a_memory_mapped_array_is_not_copied(tmp_path, rows):
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert np.shares_memory(FeatureColumns(mapped).rows, mapped)


def test_features_that_are_all_zero_have_nothing_in_common_with_others(rows):
    assert np.allclose(distances([np.zeros((1, 8))], [FeatureColumns(rows)]), np.sqrt(2))


@pytest.mark.parametrize("most", [1, 3, 6, 50])
def test_the_nearest_come_first_and_equal_ones_in_their_order(most):
    row = np.array([0.5, 0.1, 0.9, 0.1, 0.3, 0.7])
    assert nearest(row, most).tolist() == [1, 3, 4, 0, 5, 2][:most]
    many = np.concatenate([row, np.full(2 * FEW, 0.95)])
    assert nearest(many, min(most, 6)).tolist() == [1, 3, 4, 0, 5, 2][:most], "also among too many to sort"
