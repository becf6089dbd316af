"""Links from runs and models to the page of their backbone."""

from core.backbones.added import is_run
from core.runs.values import Run
from core.web.parts.widgets import page_link


def backbone_link(run: Run) -> None:
    """To the backbone of a run; of several to the first. Nothing where it combines runs only."""
    names = [name for name in run.recipe.backbones if not is_run(name)] or list(run.recipe.backbones)
    if names:
        page_link("backbones", "Backbone" if len(names) == 1 else "First backbone", backbone=names[0])
