"""A home with finished and unfinished runs, opened as a workbench that starts no supervisor."""

from dataclasses import replace

import pytest

from core import jobs
from core.planning import capacity
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.workbench import Workbench
from tests.factories import fill

LITE0 = "efficientnet_lite0"


@pytest.fixture
def filled(settings, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda settings: None)
    monkeypatch.setattr(capacity, "memory_of", lambda name: None)  # whatever else this machine is doing
    return fill(registry, settings, runs=8, per_class=8)


@pytest.fixture
def bench(settings, filled):
    return Workbench.open(settings)


@pytest.fixture
def planned(bench, filled):
    """The plan of one recipe, given by its pattern and the numbers that are not the usual ones."""

    def planned(pattern=Pattern.INTEGRATED_EXTRACTOR, backbone=LITE0, **numbers):
        usual = bench.defaults(filled.dataset.id, pattern)
        recipe = Recipe(backbone=backbone, pattern=pattern, hyperparameters=replace(usual, **numbers))
        (plan,) = bench.plan(filled.dataset.id, [recipe])
        return plan

    return planned
