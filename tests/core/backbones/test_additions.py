"""What a person may ask to add."""

import json

import pytest

from core.backbones.additions import AdditionRequest
from core.errors import InvalidInput


def a_request(**changes) -> AdditionRequest:
    return AdditionRequest(**{"kind": "hub", "name": "tiny", "source": "graft/tiny@abc"} | changes)


def test_a_request_is_read_as_it_was_written():
    request = a_request(title="Tiny", accepted_licence="mit", answers={"scaling": "imagenet"}, own_source=True)
    assert AdditionRequest(**json.loads(json.dumps(request.to_json()))) == request


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInput, match="hub, keras_file, onnx_file. Received: kind='pickle'"):
        a_request(kind="pickle")


@pytest.mark.parametrize("name", ["", "../x", "resnet50", "r-1234", "Upper"])
def test_a_name_that_no_backbone_can_have_is_refused_before_anything_starts(name):
    with pytest.raises(InvalidInput):
        a_request(name=name)
