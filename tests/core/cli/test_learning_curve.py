"""``learning-curve``."""

from core.__main__ import main
from core.cli import learning_curve
from tests.core.advising.conftest import dataset, few  # noqa: F401
from tests.core.advising.test_growing import stored  # noqa: F401


def test_a_curve_as_data_and_as_text(call, dataset, stored, capsys):  # noqa: F811
    stored(spread=2.0)
    found = call("learning-curve", "flowers")
    assert found["growth"]["curves"][0]["title"] == "EfficientNet-Lite0" and "With twice" in found["summary"]
    assert main(["learning-curve", "flowers"]) == 0
    text = capsys.readouterr().out
    assert "now (280 photos)" in text and "EfficientNet-Lite0 224 px" in text and "4 times, 80 % range" in text


def test_too_few_photos(call, few):  # noqa: F811
    found = call("learning-curve", "few")
    assert "Too few photos to tell" in learning_curve.curve_text(found)
    assert "There is no dataset 'nothing'" in call("learning-curve", "nothing", code=1)
