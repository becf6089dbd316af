"""A bundle is dropped on the page Models."""

import pytest

from core.web.parts.upload_box import Uploaded
from tests.pages.conftest import (  # noqa: F401  (fixtures)
    bench,
    components_known,
    filled,
    no_autodiscovery,
    settings,
    started,
    text_of,
    visit,
)


@pytest.fixture
def uploaded(monkeypatch, tmp_path):
    """An upload that is complete."""

    def uploaded(content: bytes) -> None:
        path = tmp_path / "upload"
        path.write_bytes(content)
        sent = Uploaded(path=path, name="bundle.zip", size_bytes=len(content))
        monkeypatch.setattr("core.web.models.import_panel.upload_any_size", lambda key, label, suffixes: sent)

    return uploaded


def test_a_file_that_is_no_bundle_is_one_sentence_and_changes_nothing(bench, filled, uploaded):  # noqa: F811
    before = len(bench.registry.runs())
    uploaded(b"not a bundle")
    at = visit("models").button(key="models.bundle.import").click().run()
    assert not at.exception
    assert "is no bundle: it is not a ZIP archive" in at.error[0].value.replace("\\", "")
    assert len(bench.registry.runs()) == before


def test_without_models_a_bundle_can_be_imported_too(bench, uploaded):  # noqa: F811
    at = visit("models")
    assert "Import a model" in str(at.expander[0].label) and not [
        b for b in at.button if b.key == "models.bundle.import"
    ]
    uploaded(b"12345")
    assert "**bundle\\.zip** is uploaded, 5 bytes" in text_of(visit("models"))
