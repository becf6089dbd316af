"""Photos that are unusual by themselves, and among their class."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from core.curation.folds import unit_rows
from core.curation.odd import odd_in, reasons_of, unlike_their_class
from core.curation.pictures import picture_of
from tests.core.curation.test_pictures import noise
from tests.factories import make_photos

PHOTO = replace(make_photos()[0], width=600, height=400)


def reasons(image, **changes):
    return set(reasons_of(replace(PHOTO, **changes), picture_of(image)))


def test_an_ordinary_photo_has_no_reason():
    assert reasons(noise(0)) == set()


def test_each_reason():
    assert reasons(noise(0).point(lambda value: value // 8)) == {"dark"}
    assert reasons(noise(0).point(lambda value: 248 + value // 40)) >= {"bright"}
    assert reasons(noise(0).filter(ImageFilter.GaussianBlur(10))) == {"blurred"}
    assert reasons(Image.new("RGB", (300, 300), (120, 90, 60))) == {"low information"}
    assert reasons(noise(0), width=40, height=400) == {"tiny"}
    assert reasons(noise(0), width=4000, height=400) == {"odd shape"}


def test_a_photo_far_from_its_class_is_unlike_it():
    generator = np.random.default_rng(0)
    rows = np.array([5.0, 0, 0, 0]) + 0.3 * generator.normal(size=(40, 4))
    rows[7] = [-5, 0, 0, 0]
    found = unlike_their_class(unit_rows(rows), np.zeros(40, np.int64))
    assert set(found) == {7} and "usual" in found[7]


def test_small_classes_are_not_judged():
    rows = unit_rows(np.random.default_rng(0).normal(size=(6, 4)))
    assert unlike_their_class(rows, np.array([0, 0, 1, 1, 1, 1])) == {}


def test_a_class_of_equal_features_has_none():
    assert unlike_their_class(unit_rows(np.ones((20, 4))), np.zeros(20, np.int64)) == {}


def test_photos_with_most_reasons_come_first():
    photos = [PHOTO, PHOTO, replace(PHOTO, width=40)]
    images = [picture_of(noise(0)), picture_of(noise(1)), picture_of(noise(2))]
    found = odd_in(photos, images, {1: "far", 2: "far"})
    assert [number for number, _ in found] == [2, 1]
    assert found[0][1] == {"tiny": "40 x 400 pixels", "unlike its class": "far"}
