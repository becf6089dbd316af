"""Heads on frozen features against scikit-learn: ``python -m tests.bench.bench_heads [--splits 10] [--per-class 60]``.

The reference is scikit-learn's logistic regression on raw and on standardised features, its C chosen by the validation
accuracy from a wide path. Against it: the head of feature extraction as it is suggested (trained by gradient descent),
the one that was suggested before 0.7, and the solver. All on the features of the photos themselves (one view), for the
same random splits; a difference is one of test accuracies, with an interval for resampled splits (Nadeau and Bengio
2003). ``--features FOLDER`` keeps the features between calls.
"""

import argparse
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from zipfile import ZipFile

import numpy as np

from core.backbones import get
from core.datasets.decoding.fit import pixels
from core.datasets.demo import DEMO_PHOTOS
from core.models.heads.solvers import fit_solver
from core.recipes.defaults import suggest_hyperparameters
from core.recipes.recipe import Hyperparameters, Pattern, Solver
from core.settings import Settings
from tests.bench.homes import CLOTHING

BACKBONES = ("efficientnet_lite0", "efficientnet_lite2", "mobilenet_v1", "squeezenet")
