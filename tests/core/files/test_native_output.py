"""Standard error without what libraries written in C print."""

import os
import sys

import pytest

from core.files.native_output import without_native_errors


def test_what_is_written_past_python_is_dropped_and_standard_error_is_as_before(capfd):
    with without_native_errors():
        os.write(2, b"Created TensorFlow Lite XNNPACK delegate for CPU.\n")
    print("an error of ours", file=sys.stderr)
    assert capfd.readouterr().err == "an error of ours\n"


def test_an_exception_passes_and_is_not_silenced(capfd):
    with pytest.raises(OSError, match="full"), without_native_errors():
        raise OSError("The disk is full.")
    os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"
