"""The suggested heads do not lose to scikit-learn's logistic regression on the features of the demo photos.

SqueezeNet: its features are the largest, which made the head of 0.6.0 lose 4 points. 28 test photos a split; that one
more or less of them is right in three splits changes the mean by 0.01.
"""

import numpy as np
import pytest

from core.datasets import DEMO_ARCHIVE
from core.settings import Settings
from tests.bench import bench_heads

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def folds(tmp_path_factory):
    settings = Settings(home=tmp_path_factory.mktemp("heads"))
    found = bench_heads.features_of_archive(DEMO_ARCHIVE, "squeezenet", settings, 1000)
    return [bench_heads.fold_of(*found, seed) for seed in range(10)]


@pytest.fixture(scope="module")
def expected(folds):
    return bench_heads.references(folds)


@pytest.mark.parametrize("way", ["suggested head", "solver"])
def test_no_suggested_head_loses_to_scikit_learn(way, folds, expected):
    found = np.array([bench_heads.WAYS[way](fold, seed) for seed, fold in enumerate(folds)])
    one = bench_heads.difference(found, expected)
    assert one.mean > -0.01 and one.high >= 0, (one, found.mean(), expected.mean())
