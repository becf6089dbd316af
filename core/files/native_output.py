"""What libraries written in C print, which no option of theirs turns off."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_native_errors() -> Iterator[None]:
    """Nothing is written to the standard error of this process meanwhile; exceptions pass.

    LiteRT tells which kernels it uses, and TensorFlow that there is no GPU, as an error, whatever
    ``TF_CPP_MIN_LOG_LEVEL`` says.
    """
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
