"""Texts become tokens, and tokens vectors; the numbers are compared with keras-hub in tests/keras."""

import numpy as np
import pytest

from core.backbones.text_network import text_network_of
from core.errors import Unavailable
from core.features.texts import text_vector, text_vectors, tokens_of
from tests import tiny_tokens
from tests.tiny_tokens import WIDTH, WORDS


def test_texts_of_clip_end_where_they_end_and_those_of_siglip_are_filled_up(tmp_path):
    for name, expected in (("clip", [2, 3, 8, 1]), ("siglip", [3, 8, 1, 1, 1, 1, 1, 1])):
        folder = tiny_tokens.write_folder(tmp_path / name, name)
        (tokens,) = tokens_of(["A cat"], folder, text_network_of(tiny_tokens.config_of(name)))
        assert tokens.tolist() == expected
    long = tokens_of(["cat " * 50], tmp_path / "clip", text_network_of(tiny_tokens.config_of("clip")))
    assert len(long[0]) == 10 and long[0][-1] == WORDS.index("<end>")


def test_texts_are_vectors_beside_what_the_photos_need(tmp_path, settings, monkeypatch):
    folder = tiny_tokens.write_folder(tmp_path / "clip", "clip")
    monkeypatch.setattr("core.features.texts.obtain", lambda backbone, settings: folder)
    found = text_vectors(None, settings, ["a photo of a cat.", "a dog"])
    tensors, network = tiny_tokens.tensors_of("clip"), text_network_of(tiny_tokens.config_of("clip"))
    expected = [
        text_vector(one, tensors, network) for one in tokens_of(["a photo of a cat.", "a dog"], folder, network)
    ]
    np.testing.assert_allclose(found.vectors, expected, atol=1e-6)
    assert found.projection.shape == (WIDTH, 16) and found.scale == pytest.approx(np.exp(tensors["logit_scale"]))


def test_what_is_missing_is_said_in_a_sentence(tmp_path, settings, monkeypatch):
    folder = tiny_tokens.write_folder(tmp_path / "clip", "clip")
    network = text_network_of(tiny_tokens.config_of("clip"))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(Unavailable, match="have no tokenizer.json"):
        tokens_of(["a cat"], folder, network)
    tensors = tiny_tokens.tensors_of("clip")
    del tensors["text_projection.weight"]
    with pytest.raises(Unavailable, match="no tensor text_projection.weight"):
        text_vector(np.array([2, 3, 1]), tensors, network)
