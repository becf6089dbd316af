"""Tests of Graft."""

import os

# Read when NumPy is imported. Its threads wait in a loop for the next product of matrices: 260 small fits of
# scikit-learn take 4 s of CPU with one thread, and 33 with two on a busy machine.
for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
