"""What a run needs, as it is typed."""

import pytest

from core.errors import InvalidInput
from core.planning.needs import needs_of
from core.runs.needs import RunNeeds


@pytest.mark.parametrize(
    ("typed", "needs"),
    [
        ([], RunNeeds()),
        (["gpu"], RunNeeds(gpus=1)),
        (["gpu="], RunNeeds(gpus=1)),
        (["gpu=A100", "gpu-memory=40GB"], RunNeeds(gpus=1, gpu_kind="A100", gpu_bytes=40 * 10**9)),
        (["gpus=2", "gpu = RTX 4090"], RunNeeds(gpus=2, gpu_kind="RTX 4090")),
        (["memory=1.5", "cpus=8"], RunNeeds(memory_bytes=1_500_000_000, cpus=8)),
    ],
)
def test_needs_are_typed_as_names_and_values(typed, needs):
    assert needs_of(typed) == needs


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["gpu-memroy=4"], "Did you mean 'gpu-memory'.*Received: 'gpu-memroy=4'"),
        (["disk=4"], "--needs takes gpu, gpu=KIND"),
        (["gpus=0"], "whole number from 1 on. Received: gpus=0"),
        (["gpus"], "Received: gpus="),
        (["cpus=2.5"], "Received: cpus=2.5"),
        (["memory=much"], "number of gigabytes. Received: memory=much"),
        (["memory=-4"], "number of gigabytes"),
        (["memory=nan"], "number of gigabytes"),
        (["memory=1e9"], "number of gigabytes"),
        (["gpu=" + "x" * 100], "part of the name of a GPU"),
        (["cpus=1", "cpus=2"], "cpus once. Received: cpus=1 and cpus=2"),
    ],
)
def test_what_cannot_be_a_need_is_one_sentence(typed, words):
    with pytest.raises(InvalidInput, match=words):
        needs_of(typed)


def test_a_request_is_told_without_dashes():
    with pytest.raises(InvalidInput, match="^needs takes"):
        needs_of(["disk"], mark="")
