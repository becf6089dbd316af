"""Recipes as the page Train and the command line make them."""

from core.recipes.grid import CascadeChoice, GridChoice


def recipes(bench, dataset, backbones, patterns, **chosen):
    """Of every backbone in every pattern; ``chosen`` are fields of ``GridChoice``."""
    return bench.recipes(dataset, GridChoice.product(backbones, patterns, **chosen))


def cascade(bench, dataset, kind, members, **chosen):
    """One recipe, or ``InvalidCell`` where it is none."""
    (found,) = bench.recipes(dataset, GridChoice(cascade=CascadeChoice(kind=kind, members=tuple(members)), **chosen))
    return found
