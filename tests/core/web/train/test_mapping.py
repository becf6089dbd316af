"""Corrections of the mapping of ImageNet's classes."""

from core.web.train.mapping import corrected_by

SUGGESTED = {"n02123045": "cat", "n01440764": "fish"}


def test_an_edit_is_a_correction_beside_the_earlier_ones():
    found = corrected_by({"n02123045": "dog"}, {"n01440764": "dog", "n07747607": "orange"}, SUGGESTED)
    assert found == {"n02123045": "dog", "n01440764": "dog", "n07747607": "orange"}


def test_none_of_the_classes_is_a_correction_too():
    assert corrected_by({}, {"n02123045": "– none –"}, SUGGESTED) == {"n02123045": ""}


def test_choosing_the_suggestion_again_is_no_correction():
    assert corrected_by({"n02123045": "dog"}, {"n02123045": "cat", "n07747607": "– none –"}, SUGGESTED) == {}
