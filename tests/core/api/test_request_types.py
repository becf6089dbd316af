"""Types of requests: what they take, and what they refuse."""

import base64

import pytest
from pydantic import ValidationError

from core.api.request_types import LaunchRequest, SentPhoto
from core.planning.options import RecipeOptions


@pytest.mark.parametrize("data", ["/9j/4A==", "/9j/\n4A==\n", "/9 j/4A=="])
def test_base64_may_have_line_breaks(data):
    assert SentPhoto(data=data).data == base64.b64decode("/9j/4A==")


@pytest.mark.parametrize("data", ["no base64!", "abc", "ä", 1, None, ["a"]])
def test_what_is_no_base64_is_refused(data):
    with pytest.raises(ValidationError, match="this is no"):
        SentPhoto(data=data)


def test_a_launch_has_the_options_of_the_command_line():
    """So that both choose recipes alike; ``mark`` is how errors write them."""
    options = set(RecipeOptions.__dataclass_fields__) - {"mark"}
    assert options <= set(LaunchRequest.model_fields)
    assert set(LaunchRequest.model_fields) - options == {"dataset", "priority", "needs", "dry_run", "confirmed"}


def test_hyperparameters_keep_their_type():
    asked = LaunchRequest(dataset="flowers", set={"seed": 7, "normalize": True, "solver": "linear_svm", "dropout": 0.5})
    assert [type(value) for value in asked.set.values()] == [int, bool, str, float]
