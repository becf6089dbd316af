"""Types of responses about models."""

import pytest
from pydantic import ValidationError

from core.api.model_types import ClassShare, ExplanationResult


def test_pictures_are_told_to_be_png_in_base64():
    items = ExplanationResult.model_json_schema()["properties"]["pictures"]["items"]
    assert (items["contentEncoding"], items["contentMediaType"]) == ("base64", "image/png")


def test_a_probability_is_between_0_and_1():
    with pytest.raises(ValidationError, match="probability"):
        ClassShare.model_validate({"class_name": "rose", "probability": 1.5})
