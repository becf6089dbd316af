"""Pairs and groups of near-copies."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.curation import copies
from core.curation.alignment import Alignment
from core.curation.copies import FAMILY, LEAST_SIMILARITY, Pair, copies_of, groups_of, similar_rows
from core.curation.folds import unit_rows
from core.curation.pictures import picture_of
from tests.core.curation.test_alignment import noise


def crop(image):
    return image.crop((20, 20, 380, 380))


def mirrored(image):
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def pictures(*images):
    return [picture_of(one.copy()) for one in images]


def pairs(found):
    return {(one.first, one.second) for one in found}


def test_features_propose_and_pixels_decide():
    """0 and 1 are one picture; 2 has the same features as 0 and is another."""
    images = pictures(noise(0), crop(noise(0)), noise(1), noise(2))
    rows = unit_rows(np.array([[1, 0, 0], [1, 0.1, 0], [1, 0, 0.1], [0, 0, 1.0]]))
    (found,) = copies_of(images, rows)
    assert (found.first, found.second) == (0, 1)
    assert found.similarity > LEAST_SIMILARITY and found.alignment.share < 1


def test_hashes_propose_without_features():
    images = pictures(noise(0), noise(1), mirrored(noise(0)))
    (found,) = copies_of(images, None)
    assert (found.first, found.second, found.similarity, found.alignment.mirrored) == (0, 2, None, True)
    assert found.hash_distance <= 2


def test_no_photo_and_one_photo():
    assert copies_of([], None) == []
    assert copies_of(pictures(noise(0)), unit_rows(np.ones((1, 3)))) == []


def test_everything_is_a_copy():
    images = pictures(*[noise(0)] * 12)
    found = copies_of(images, unit_rows(np.ones((12, 3))))
    assert set(groups_of(12, found)) == {0}


def test_groups_join_what_is_linked(monkeypatch):
    images = pictures(noise(0), noise(3), crop(noise(0)), mirrored(noise(0)))
    found = copies_of(images, unit_rows(np.array([[1, 0], [0, 1], [1, 0.1], [1, -0.1]])))
    assert groups_of(4, found).tolist() == [0, 1, 0, 0]


def test_progress_is_told():
    seen = []
    copies_of(pictures(noise(0), noise(0)), None, progress=lambda *progress: seen.append(progress))
    assert seen == [(0, 1)]


@pytest.mark.parametrize("large", [10, 10**6])
@pytest.mark.parametrize("least", [0.3, 0.8, -2.0])
def test_the_nearest_rows_are_those_of_all_products_whichever_way_they_are_found(monkeypatch, large, least):
    """Also where rows are shortened, and where most pairs are similar."""
    monkeypatch.setattr(copies, "_LARGE", large)
    monkeypatch.setattr(copies, "_COMPONENTS", 5)
    monkeypatch.setattr(copies, "_BLOCK", 600 * 100)
    features = unit_rows(np.random.default_rng(0).normal(size=(600, 8)))
    features[7] = 0
    rows, others, cosines = similar_rows(features, least, 3)
    products = features @ features.T
    np.fill_diagonal(products, -3)
    for index in range(600):
        expected = [one for one in np.argsort(-products[index])[:3].tolist() if products[index, one] >= least]
        assert np.allclose(cosines[rows == index], products[index, expected], atol=1e-5)
        assert index == 7 or others[rows == index].tolist() == expected


def test_of_one_photo_or_none_no_other_is_near():
    for count in (0, 1):
        assert [len(one) for one in similar_rows(np.ones((count, 3), np.float32), 0.5, 4)] == [0, 0, 0]


def test_a_fitted_correlation_decides_where_whole_pixels_leave_it_open():
    for fitted, is_copy in ((0.98, True), (0.96, False), (None, False)):
        alignment = Alignment(correlation=0.9, fitted=fitted)
        pair = Pair(first=0, second=1, similarity=0.88, hash_distance=9, alignment=alignment)
        assert pair.is_copy("EfficientNet-Lite") is is_copy


def test_very_similar_features_of_the_family_need_less_correlation():
    pair = Pair(first=0, second=1, similarity=0.95, hash_distance=9, alignment=Alignment(correlation=0.92))
    assert pair.is_copy(FAMILY) and not pair.is_copy("ResNet") and not pair.is_copy()
    assert not replace(pair, similarity=0.9).is_copy(FAMILY)


def test_a_similar_hash_proposes_nothing_where_features_differ_but_does_where_there_are_none():
    images = pictures(noise(0), noise(0))
    assert copies_of(images, unit_rows(np.array([[1, 0], [0, 1]]))) == []
    assert pairs(copies_of(images, unit_rows(np.array([[1, 0], [0, 0]])))) == {(0, 1)}


def test_the_same_hash_proposes_a_grey_copy_whose_features_differ():
    images = pictures(noise(0), noise(0).convert("L").convert("RGB"))
    assert pairs(copies_of(images, unit_rows(np.array([[1, 0], [0, 1]])))) == {(0, 1)}


def test_hashes_propose_the_same_pairs_however_many_are_compared_at_once(monkeypatch):
    """Brute force: of each photo the nearest four by either hash, of equal distances the first."""
    chance = np.random.default_rng(0)
    bits = chance.integers(0, 2, (12, 64))[chance.integers(0, 12, 60)] ^ (chance.random((60, 64)) < 0.08)
    hashes = np.packbits(bits.astype(np.uint8), axis=1).view(">u8").ravel().astype(np.uint64)
    others = hashes[chance.permutation(60)]
    expected = set()
    for first in range(60):
        bits_off = [
            min(int(hashes[first] ^ one[second]).bit_count() for one in (hashes, others)) for second in range(60)
        ]
        near = sorted((bits_off[second], second) for second in range(60) if second != first and bits_off[second] <= 10)
        expected |= {(min(first, second), max(first, second)) for _, second in near[:4]}
    assert 40 < len(expected) < 240 and copies._by_hash(hashes, others) == expected
    for block in ((7, 11), (1, 60), (64, 1)):
        monkeypatch.setattr(copies, "_HASHES", block)
        assert copies._by_hash(hashes, others) == expected
