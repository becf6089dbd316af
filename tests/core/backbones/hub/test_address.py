"""Every usual way to write the address of a model."""

import pytest

from core.backbones.hub.address import HubAddress, address_of
from core.errors import InvalidInput

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "revision"),
    [
        ("facebook/dinov2-small", "main"),
        ("  hub:facebook/dinov2-small ", "main"),
        ("hf://facebook/dinov2-small", "main"),
        ("hf-hub:facebook/dinov2-small", "main"),
        (f"facebook/dinov2-small@{COMMIT}", COMMIT),
        ("hub:facebook/dinov2-small@v1.0", "v1.0"),
        ("facebook/dinov2-small@refs/pr/7", "refs/pr/7"),
        ("https://huggingface.co/facebook/dinov2-small", "main"),
        ("https://huggingface.co/facebook/dinov2-small/", "main"),
        ("huggingface.co/facebook/dinov2-small?library=transformers#usage", "main"),
        ("https://hf.co/facebook/dinov2-small/tree/v1.0", "v1.0"),
        (f"https://huggingface.co/facebook/dinov2-small/tree/{COMMIT}", COMMIT),
        (f"https://huggingface.co/facebook/dinov2-small/commit/{COMMIT}", COMMIT),
        (f"https://huggingface.co/facebook/dinov2-small/blob/{COMMIT}/config.json", COMMIT),
        ("https://huggingface.co/facebook/dinov2-small/blob/refs%2Fpr%2F7/config.json", "refs/pr/7"),
        ("https://mirror.example.org/facebook/dinov2-small/tree/main", "main"),
    ],
)
def test_an_address_is_understood(text, revision):
    assert address_of(text) == HubAddress(owner="facebook", repository="dinov2-small", revision=revision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "resnet50",
        "a/b/c",
        "../etc",
        "owner/..",
        "owner/na me",
        "owner/na--me",
        "owner/.hidden",
        "own\0er/name",
        "owner/name@",
        "owner/name@../main",
        "owner/name@a b",
        "ftp://huggingface.co/owner/name",
        "https://huggingface.co/datasets/imagenet-1k",
        "https://huggingface.co/spaces/owner/name",
        "file:///etc/passwd",
        f"owner/{'n' * 97}",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(text):
    with pytest.raises(InvalidInput, match="Received"):
        address_of(text)


def test_an_address_is_written_as_it_is_read():
    address = address_of(f"owner/name@{COMMIT}")
    assert address_of(str(address)) == address and address.is_pinned
    assert str(address_of("owner/name@main")) == "owner/name"
