"""The options of ``train`` that choose recipes; ``core.planning.options`` reads them."""

from argparse import ArgumentParser

from core.cli.verbs import add_list
from core.datasets.decoding.fit import Fit
from core.planning.presets import PRESETS
from core.recipes.labels import PATTERNS
from core.recipes.patterns import OF_A_BACKBONE

_TRAINABLE = ", ".join(f"{one} ({PATTERNS[one].short})" for one in OF_A_BACKBONE)


def add_recipe_options(verb: ArgumentParser) -> None:
    """The options that choose the recipes of ``train``."""
    verb.add_argument("--pattern", nargs="+", action="extend", metavar="P", help=f"one or more of: {_TRAINABLE}")
    add_list(verb, "--depth", "N", "blocks, or: all (a sweep)")
    add_list(verb, "--size", "PX", "input sizes, or: own")
    add_list(verb, "--fit", "F", f"how a photo becomes the square input: {', '.join(Fit)}")
    help_ = "fusion or stacking of --backbone and --member; confidence or ensemble of every --member"
    verb.add_argument("--cascade", metavar="KIND", help=help_)
    add_list(verb, "--member", "M", "a backbone, or a run")
    add_list(verb, "--map", "SYNSET=CLASS", "maps an ImageNet class to yours, for the classifier")
    add_list(
        verb,
        "--prompt",
        "CLASS=TEXT",
        "text of a class for a zero-shot classifier; =TEXT with {} for all others; several separated by |",
    )
    verb.add_argument("--epochs", type=int)
    add_list(verb, "--set", "NAME=VALUE", "a hyperparameter")
    presets = "; ".join(f"{preset}: {label.description}" for preset, label in PRESETS.items())
    verb.add_argument("--preset", metavar="P", help=f"recipes that suit the dataset, instead of --backbone. {presets}")
    verb.add_argument("--repeat", type=int, default=1, metavar="K", help="with K seeds each")
