"""Whether more photos would help, as a sentence."""

from dataclasses import replace

from core.output.growth import growth_json, growth_sentence
from tests.core.advising.test_growth import make_growth
from tests.factories import make_dataset


def test_the_sentence_has_twice_the_photos_with_the_band():
    sentence = growth_sentence(make_growth())
    assert sentence.startswith("With twice the training photos (1,280) a linear head on EfficientNet-Lite0")
    assert "of 400 validation photos; with the 640 there are now it reaches" in sentence


def test_the_class_that_gains_most_is_named_only_where_it_is_clear():
    found = make_growth()
    curve = found.curves[0]
    clear = replace(curve, classes=(replace(curve.classes[0], class_name="rose", share=0.9, gain=0.1),))
    unclear = replace(curve, classes=(replace(curve.classes[0], share=0.4),))
    assert "The class rose would gain most" in growth_sentence(replace(found, curves=(clear,)))
    assert "cannot be told" in growth_sentence(replace(found, curves=(unclear,)))


def test_without_a_curve_the_reason_is_the_summary():
    found = growth_json(make_dataset(), make_growth(curves=(), problem="Too few photos to tell: …"))
    assert found["summary"] == "Too few photos to tell: …" and found["growth"]["curves"] == ()
