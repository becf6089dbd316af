"""What a remedy on the page Train is applied to."""

from core.planning.decide import Decision, Plan
from core.planning.grid_plan import InvalidRow
from core.recipes.grid import InvalidCell
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.web.train.remedies import source_of


def test_a_row_comes_from_a_recipe_or_from_a_cell_that_is_none():
    recipe = Recipe(backbone="b")
    plan = Plan(dataset_id="d", recipe=recipe, fingerprint="", decision=Decision.REFUSED, because="No.")
    assert source_of(plan) is recipe
    cell = InvalidCell(sources=("b",), pattern=Pattern.FINE_TUNING, settings=(("epochs", 0),), because="No.")
    assert source_of(InvalidRow(cell=cell, name="b")) is cell
