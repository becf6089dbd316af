"""Recipes as the page Train and the command line make them."""

from core.planning.grid_plan import grid_plan
from core.recipes.grid import CascadeChoice, GridChoice


def recipes(bench, dataset, backbones, patterns, **chosen):
    """Of every backbone in every pattern; ``chosen`` are fields of ``GridChoice``."""
    return bench.recipes(dataset, GridChoice.product(backbones, patterns, **chosen))


def cascade(bench, dataset, kind, members, **chosen):
    """One recipe, or ``InvalidCell`` where it is none."""
    (found,) = bench.recipes(dataset, GridChoice(cascade=CascadeChoice(kind=kind, members=tuple(members)), **chosen))
    return found


def launch(bench, dataset, recipes, *, force=False):
    """[(plan, run)] of the recipes that are not refused."""
    return bench.launch_grid(grid_plan(bench.plan(dataset, recipes, force=force), 1))
