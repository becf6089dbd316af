"""The page Train and the command line, told the same, plan the same recipes, with equal fingerprints and estimates."""

import json
import random
from dataclasses import dataclass, replace

import pytest

from core.__main__ import main
from core.backbones import catalogue
from core.cli.parser import parser
from core.planning import capacity
from core.planning.decide import Decision
from core.planning.options import RecipeOptions, choice_of
from core.planning.presets import Preset
from core.recipes.grid import Depths, GridChoice
from core.recipes.hyperparameters import RELEVANT
from core.recipes.labels import OFFERED
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.runs.values import Status
from core.web.train import address, cascades, grid
from core.web.train.address import TrainAddress
from core.web.train.grid import FIRST_CHOICE
from core.web.train.plans import DECISIONS
from tests.factories import fill
from tests.pages.conftest import first_line, visit

VALUES = {
    "epochs": (1, 3, 12, 24, 0),
    "batch_size": (8, 16, 4000),
    "learning_rate": (0.003, 0.5, 100.0),
    "head_epochs": (1, 5, 30),
    "views": (1, 3),
    "seed": (0, 1, 7, 2**31 - 1),
    "solver": ("linear_svm",),
    "schedule": ("constant", "cosine"),
    "class_weights": (True, False),
    "dropout": (0.5, 2.0),
    "normalize": (True, False),
    "full_search": (True, False),
}
MAPPINGS = ((), (("n11939491", ""),), (("n11939491", ""), ("n12620546", "rose")))


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A grid, told to nobody yet. ``settings`` hold for every pattern that uses them, as on the command line."""

    backbones: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    settings: dict
    depths: Depths | None
    repetitions: int
    cascade: Cascade | None
    members: tuple[str, ...]
    mapping: tuple[tuple[str, str], ...]
    force: bool

    @property
    def trained(self):
        """Patterns whose hyperparameters are chosen."""
        alone = self.cascade is None or self.cascade.combines_runs
        return self.patterns if alone else (*self.patterns, Pattern.CASCADE)

    def to_address(self, dataset):
        settings = {
            pattern: {name: value for name, value in self.settings.items() if name in RELEVANT[pattern]}
            for pattern in self.trained
        }
        deep = [pattern for pattern in self.patterns if "depth" in RELEVANT[pattern]]
        return TrainAddress(
            dataset=dataset,
            start=address.CUSTOM,
            cells=tuple((backbone, pattern) for backbone in self.backbones for pattern in self.patterns),
            settings={pattern: chosen for pattern, chosen in settings.items() if chosen},
            depths={} if self.depths is None else dict.fromkeys(deep, self.depths),
            repetitions=self.repetitions,
            force=self.force,
            cascade=self.cascade,
            members=self.members if self.cascade else None,
            mapping=self.mapping,
        )

    def to_arguments(self, dataset):
        found = ["train", "--dataset", dataset, "--repeat", str(self.repetitions), *(["--force"] if self.force else [])]
        named = self.members if self.cascade and not self.cascade.combines_runs else ()
        backbones = self.backbones or named[:1]
        found += ["--backbone", *backbones] if backbones else []
        found += ["--pattern", *self.patterns] if self.patterns else []
        others = [member for member in self.members if member not in backbones or member not in named]
        found += ["--cascade", self.cascade] if self.cascade else []
        found += ["--member", *others] if others else []
        for name, value in self.settings.items():
            found += ["--set", f"{name}={str(value).lower()}"]
        if self.depths is not None:
            found += ["--depth", *(["all"] if self.depths == "all" else map(str, self.depths))]
        for synset, name in self.mapping:
            found += ["--map", f"{synset}={name}"]
        return found


@pytest.fixture
def filled(bench, monkeypatch):
    monkeypatch.setattr(capacity, "memory_of", lambda name: None)  # may change between two plans
    filled = fill(bench.registry, bench.settings, runs=8, per_class=8)
    usual = GridChoice.product(FIRST_CHOICE, [Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING])
    bench.launch_grid(bench.grid_plan(filled.dataset.id, usual))  # these wait in the queue
    return filled


def offered(bench):
    """Backbones and finished runs to draw from: trained here, ready, and to be downloaded."""
    everything = grid.ordered(bench.backbones())
    runs = [run.id for run in bench.registry.runs(status=Status.FINISHED)]
    here = [backbone.name for backbone in catalogue()[:3]]
    return [backbone.name for backbone, _ in everything if backbone.name in {*here, "resnet50", runs[0]}], runs


def wishes(bench, number):
    """Seeded; each is one that both surfaces can be told."""
    chance = random.Random(6)
    backbones, runs = offered(bench)
    possible = [pattern for pattern in OFFERED if pattern in OF_A_BACKBONE]  # in the order of the page
    for _ in range(number):
        cascade = chance.choice([None, None, *Cascade])
        alone = cascade is not None and chance.random() < 0.5
        names = [] if alone else [one for one in backbones if chance.random() < 0.5] or backbones[:1]
        patterns = [] if alone else [one for one in possible if chance.random() < 0.35] or possible[:1]
        if cascade is Cascade.FUSION:
            names = names or backbones[:1]
            members = (*names, *chance.sample([one for one in backbones if one not in names], len(names) < 2))
            names = [] if alone else names
        elif cascade is Cascade.STACKING:
            names = names[:1]
            members = (*(names or backbones[:1]), chance.choice(runs))
        else:
            members = tuple(chance.sample(runs, 2)) if cascade else ()
        trained = [*patterns, *([Pattern.CASCADE] if cascade and not cascade.combines_runs else [])]
        used = [name for name in VALUES if any(name in RELEVANT[pattern] for pattern in trained)]
        some = chance.sample(used, min(len(used), chance.randint(0, 3)))
        deep = any("depth" in RELEVANT[pattern] for pattern in patterns)
        yield Wish(
            backbones=tuple(names),
            patterns=tuple(patterns),
            settings={name: chance.choice(VALUES[name]) for name in some},
            depths=chance.choice([None, None, (1,), (0, 3), (2, 99), "all"]) if deep else None,
            repetitions=chance.choice([1, 1, 2, 3]),
            cascade=cascade,
            members=members,
            mapping=chance.choice(MAPPINGS) if Pattern.CLASSIFIER in patterns else (),
            force=chance.random() < 0.25,
        )


def on_the_page(bench, dataset, wish):
    """What the page makes of the URL: see ``custom`` in ``pages/train.py``."""
    query = {name: [value] if isinstance(value, str) else value for name, value in
             address.params(wish.to_address(dataset.id)).items()}  # fmt: skip
    now, ignored = address.parse(query)
    assert not ignored
    everything = grid.ordered(bench.backbones())
    cascade = cascades.Offered(bench, dataset.id, everything).choice(now.cascade, now.members)
    return now.choice(grid.in_order(now.cells or (), everything), cascade)


def on_the_command_line(dataset, wish) -> GridChoice | Preset:
    return choice_of(RecipeOptions.of(vars(parser().parse_args(wish.to_arguments(dataset.id)))))


def test_the_page_and_the_command_line_plan_the_same_fifty_grids(bench, filled):
    dataset, decisions = filled.dataset, set()
    for wish in wishes(bench, 50):
        page, typed = on_the_page(bench, dataset, wish), on_the_command_line(dataset, wish)
        assert page.force == typed.force
        one, other = bench.grid_plan(dataset.id, page), bench.grid_plan(dataset.id, typed)
        assert one.rows == other.rows, wish  # recipes, fingerprints, decisions, estimates, reasons and remedies
        # an option of the command line holds for all patterns, a field of the page for those that use it
        only_typed = set(other.concerns) - set(one.concerns)
        assert all("it is ignored for" in concern.sentence for concern in only_typed)
        assert one == replace(other, concerns=one.concerns) and one.sentence == other.sentence
        decisions |= {(row.decision, type(row).__name__) for row in one.rows}
    assert {decision for decision, _ in decisions} >= {Decision.NEW, Decision.REUSED, Decision.REFUSED}
    assert (Decision.REFUSED, "InvalidRow") in decisions


def test_the_drawn_page_and_the_printed_plan_are_the_same(bench, filled, capsys):
    """As above, through the widgets and through ``main``."""
    for wish in list(wishes(bench, 50))[2:5]:
        at = visit("train", **address.params(wish.to_address(filled.dataset.id)))
        assert not at.exception
        shown = next(frame.value for frame in at.dataframe if "Plan" in frame.value)
        main([*wish.to_arguments(filled.dataset.id), "--dry-run", "--json"])
        output = capsys.readouterr()
        if not output.out:  # where nothing can be planned the command line has only the reason
            assert output.err.strip().splitlines()[-1] in set(shown["Reason"]) and set(shown["Plan"]) == {
                DECISIONS[Decision.REFUSED]
            }
            continue
        printed = json.loads(output.out)
        assert printed["plan"]["sentence"] in first_line(at).replace("\\", "")
        rows = [(DECISIONS[Decision(row["decision"])], row["because"]) for row in printed["runs"]]
        assert sorted(zip(shown["Plan"], shown["Reason"], strict=True)) == sorted(rows)
