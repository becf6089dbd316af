import pytest

from core.errors import InvalidInput
from core.exports.formats import FORMATS, Format, format_of
from core.exports.takeaway import TEMPLATES


def test_every_format_is_described_and_all_but_a_bundle_has_code_that_runs_it():
    assert set(FORMATS) == set(Format)
    for format, row in FORMATS.items():
        assert bool(row.packages) == format.runs == (TEMPLATES / f"{row.code}.txt").exists()


def test_a_format_is_found_by_its_name_and_a_wrong_one_is_corrected():
    assert format_of("litert-pixels") is Format.LITERT_PIXELS
    with pytest.raises(InvalidInput, match="There is no format 'onxx'. Did you mean 'onnx'"):
        format_of("onxx")
    with pytest.raises(InvalidInput, match="Choose from: keras, litert, litert-pixels, onnx, savedmodel, bundle"):
        format_of("pickle")
