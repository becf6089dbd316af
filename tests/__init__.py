"""Tests of Graft."""

import os
import sys

# Read when NumPy is imported. Its threads wait in a loop for the next product of matrices: 260 small fits of
# scikit-learn take 4 s of CPU with one thread, and 33 with two on a busy machine.
for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

# Here, before Graft is imported: an environment may forbid bytecode, and every part of `make test` would compile all of
# Graft, and every process that a test starts.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
