"""What a recipe means for the trainer: which features it needs, the stages of its training, and its head. Pure data.

Every pattern is a frozen prefix, a trainable suffix (maybe empty) and a head; so a pattern is a ``Program``, and the
trainer executes programs only. A *cut* names where the frozen prefix ends:

- a block's name: the feature map after it; ``<block>.pool``: that map averaged over its positions
- ``top``: the pooled features after the last block; ``classes``: the 1,000 ImageNet probabilities
- ``pixels``: before everything; nothing is frozen
- ``answers``: the probabilities of a finished run
- several pooled cuts joined by ``+``: their vectors one after the other, computed in one pass
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.errors import InvalidInput
from core.recipes.hyperparameters import Adapter, Schedule, Solver
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Pattern
from core.recipes.recipe import Recipe

TOP, CLASSES, PIXELS, PREDICTIONS = "top", "classes", "pixels", "answers"
_POOL, _AND = ".pool", "+"

GRADIENT, MAPPING, TEXTS = "gradient", "mapping", "texts"
"""Heads besides the scikit-learn solvers: trained by gradient descent, sums of ImageNet classes, nearest texts."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One input of a head: the output of ``source`` (a backbone's name, or a run's id) at ``cut``."""

    source: str
    cut: str


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One compile and fit with fixed trainable layers and one schedule of the learning rate.

    Args:
        name: shown on pages.
        first_epoch, last_epoch: 1-based, both included, counted over the whole run.
        inputs: where its features come from; the layers behind them are the suffix.
        trained: blocks trained besides the head, from the top down; () for the head only.
        adapter, rank: what of these blocks is trained, see ``Hyperparameters``; None for all of their layers.
        batch_norm: whether their batch normalisation is trained too and uses the statistics of the batch.
        learning_rate, schedule, warmup, rate_decay: see ``Hyperparameters``.
    """

    name: str
    first_epoch: int
    last_epoch: int
    inputs: tuple[Part, ...]
    trained: tuple[str, ...] = ()
    adapter: Adapter | None = None
    rank: int = 0
    batch_norm: bool = False
    learning_rate: float
    schedule: Schedule = Schedule.CONSTANT
    warmup: float = 0.0
    rate_decay: float = 1.0

    @property
    def cut(self) -> str:
        """The cuts of all inputs as one text: "top + block6d"."""
        return " + ".join(dict.fromkeys(part.cut for part in self.inputs))

    def epochs_done(self, of_run: int) -> int:
        """How many epochs of this stage are among the first ``of_run`` epochs of the run."""
        return max(0, min(of_run, self.last_epoch) - self.first_epoch + 1)


@dataclass(frozen=True, kw_only=True)
class Program:
    """A recipe as the trainer executes it.

    Args:
        inputs: of the finished model's head (those of the last stage).
        head: ``GRADIENT``, ``MAPPING``, ``TEXTS`` or the name of a ``Solver``.
        stages: of gradient descent, in order; () for other heads.
        teacher: whose predictions for the training photos are part of the targets.
        full_search: of a solver, see ``Hyperparameters``.
        depth: blocks left out at the top of the network.
        pretrained: whether the network starts from the pretrained weights.
    """

    inputs: tuple[Part, ...]
    head: str
    stages: tuple[Stage, ...] = ()
    teacher: Part | None = None
    full_search: bool = False
    depth: int = 0
    pretrained: bool = True

    def stage_of(self, epoch: int) -> Stage:
        """The stage an epoch (1-based) belongs to."""
        return next(stage for stage in self.stages if stage.first_epoch <= epoch <= stage.last_epoch)


def pooled(cut: str) -> bool:
    """Whether a cut gives one vector a photo (else a feature map, or pixels)."""
    return all(one in (TOP, CLASSES, PREDICTIONS) or one.endswith(_POOL) for one in cuts_of(cut))


def cuts_of(cut: str) -> tuple[str, ...]:
    """The single cuts, from input to output: one, or those of a cut at several places."""
    return tuple(cut.split(_AND))


def block_of_cut(cut: str) -> str | None:
    """The last frozen block (of the last cut); None for ``top``, ``classes``, ``pixels``, ``answers``."""
    *_, last = cuts_of(cut)
    return None if last in (TOP, CLASSES, PIXELS, PREDICTIONS) else last.removesuffix(_POOL)


def program_of(recipe: Recipe, blocks: Sequence[str]) -> Program:
    """The program of a recipe on a backbone with these blocks (from input to output).

    Raises:
        InvalidInput: the depth is not one this network has, or nothing is left to train.
    """
    return _PROGRAMS[recipe.pattern](recipe, tuple(blocks))


def depths(pattern: Pattern, blocks: Sequence[str]) -> range:
    """The depths a pattern can have on a network with these blocks; (0,) where depth means nothing."""
    if pattern in TRAINS_TOP_BLOCKS:
        return range(1, len(blocks) + 1)
    if pattern in (Pattern.STANDALONE_EXTRACTOR, Pattern.INTEGRATED_EXTRACTOR, Pattern.DISTILLATION):
        return range(max(len(blocks), 1))
    return range(1)


def _check_depth(recipe: Recipe, blocks: Sequence[str]) -> int:
    depth, possible = recipe.hyperparameters.depth, depths(recipe.pattern, blocks)
    if depth not in possible:
        raise InvalidInput(
            f"{recipe.backbone} has {len(blocks)} blocks, so the depth must be between {possible[0]} and "
            f"{possible[-1]}. Received: depth={depth}"
        )
    return depth


def _features_at(recipe: Recipe, blocks: Sequence[str]) -> tuple[Part, ...]:
    """The pooled features ``depth`` blocks below the top."""
    depth = _check_depth(recipe, blocks)
    cut = f"{blocks[-1 - depth]}{_POOL}" if depth else TOP
    return (Part(source=recipe.backbone, cut=cut),)


def _one_stage(recipe: Recipe, inputs: tuple[Part, ...]) -> Stage:
    hp = recipe.hyperparameters
    return Stage(name="head", first_epoch=1, last_epoch=hp.epochs, inputs=inputs, learning_rate=hp.learning_rate)


def _classifier(recipe: Recipe, blocks: tuple[str, ...]) -> Program:
    cut, head = (TOP, TEXTS) if recipe.prompts else (CLASSES, MAPPING)
    return Program(inputs=(Part(source=recipe.backbone, cut=cut),), head=head)


def _standalone(recipe: Recipe, blocks: tuple[str, ...]) -> Program:
    hp = recipe.hyperparameters
    inputs = _features_at(recipe, blocks)
    return Program(inputs=inputs, head=str(hp.solver), full_search=hp.full_search, depth=hp.depth)


def _multi_layer_probe(recipe: Recipe, blocks: tuple[str, ...]) -> Program:
    """Pooled features of cuts at equal distances, the top always among them, under one logistic regression."""
    many, last = recipe.hyperparameters.cuts, len(blocks) - 1
    if many > len(blocks):
        raise InvalidInput(
            f"{recipe.backbone} has {len(blocks)} blocks, so it can be cut at up to {len(blocks)} places. "
            f"Received: cuts={many}"
        )
    chosen = [blocks[last * number // many] for number in range(1, many)]
    cut = _AND.join([*(f"{block}{_POOL}" for block in chosen), TOP])
    head = str(Solver.LOGISTIC_REGRESSION)
    return Program(inputs=(Part(source=recipe.backbone, cut=cut),), head=head, full_search=True)


def _integrated(recipe: Recipe, blocks: tuple[str, ...]) -> Program:
    inputs = _features_at(recipe, blocks)
    return Program(
        inputs=inputs, head=GRADIENT, stages=(_one_stage(recipe, inputs),), depth=recipe.hyperparameters.depth
    )


def _distillation(recipe: Recipe, blocks: tuple[str, ...]) -> Program:
    """A head on frozen features that learns the probabilities of a finished run (Hinton et al. 2015)."""
    (teacher,) = recipe.runs
    return replace(_integrated(recipe, blocks), teacher=Part(source=teacher, cut=PREDICTIONS))


def _fine_tuning(recipe: Recipe, blocks: tuple[str, ...]) -> Program:
    """Head first on the pooled features, then the top blocks as well, or parts of them, from the features below."""
    hp, depth = recipe.hyperparameters, _check_depth(recipe, blocks)
    if hp.head_epochs >= hp.epochs:
        raise InvalidInput(
            f"Of {hp.epochs} epochs the head takes {hp.head_epochs}, which leaves none for fine-tuning. "
            "Choose more epochs or a shorter head warm-up (head_epochs)."
        )
    cut = blocks[-1 - depth] if depth < len(blocks) else PIXELS
    inputs = (Part(source=recipe.backbone, cut=cut),)
    top = (Part(source=recipe.backbone, cut=TOP),)
    head = replace(_one_stage(recipe, top), last_epoch=hp.head_epochs)
    stages = _unfreezing(recipe, inputs, tuple(reversed(blocks))[:depth])
    return Program(inputs=inputs, head=GRADIENT, stages=((head,) if hp.head_epochs else ()) + stages)


def _unfreezing(recipe: Recipe, inputs: tuple[Part, ...], trained: tuple[str, ...]) -> tuple[Stage, ...]:
    """All blocks at once, or (gradual unfreezing, Howard and Ruder 2018) one more every ``unfreeze_every`` epochs."""
    hp = recipe.hyperparameters
    every, first = hp.unfreeze_every, hp.head_epochs + 1
    counts = range(1, len(trained) + 1) if every else (len(trained),)
    stages = []
    for count in counts:
        last = hp.epochs if count == len(trained) else min(first + every - 1, hp.epochs)
        if first <= last:
            stages.append(
                Stage(
                    name=_name_of_stage(recipe, count),
                    first_epoch=first,
                    last_epoch=last,
                    inputs=inputs,
                    trained=trained[:count],
                    adapter=hp.adapter if recipe.pattern is Pattern.PARAMETER_EFFICIENT else None,
                    rank=hp.rank if recipe.pattern is Pattern.PARAMETER_EFFICIENT else 0,
                    learning_rate=hp.fine_tuning_rate,
                    schedule=hp.schedule,
                    warmup=hp.warmup,
                    rate_decay=hp.rate_decay,
                )
            )
        first = last + 1
    return tuple(stages)


_STAGES = {Adapter.LORA: "LoRA, ", Adapter.NORM: "normalization, ", Adapter.BIAS: "biases, "}


def _name_of_stage(recipe: Recipe, count: int) -> str:
    kind = _STAGES[recipe.hyperparameters.adapter] if recipe.pattern is Pattern.PARAMETER_EFFICIENT else ""
    return f"{kind}top {count} block{'s' if count > 1 else ''}"


def _whole_network(recipe: Recipe, blocks: tuple[str, ...]) -> Program:
    hp = recipe.hyperparameters
    inputs = (Part(source=recipe.backbone, cut=PIXELS),)
    stage = replace(
        _one_stage(recipe, inputs),
        name="all layers",
        trained=tuple(reversed(blocks)),
        batch_norm=True,
        schedule=hp.schedule,
        warmup=hp.warmup,
        rate_decay=hp.rate_decay if recipe.pattern is Pattern.WEIGHT_INITIALIZATION else 1.0,
    )
    pretrained = recipe.pattern is not Pattern.FROM_SCRATCH
    return Program(inputs=inputs, head=GRADIENT, stages=(stage,), pretrained=pretrained)


def _cascade(recipe: Recipe, blocks: tuple[str, ...]) -> Program:
    if recipe.combines_runs:
        raise InvalidInput(f"A cascade of kind {recipe.cascade} is not trained. Received: {', '.join(recipe.members)}")
    seen = tuple(Part(source=name, cut=TOP) for name in recipe.backbones)
    passed_on = tuple(Part(source=run, cut=PREDICTIONS) for run in recipe.runs)
    inputs = seen + passed_on
    return Program(inputs=inputs, head=GRADIENT, stages=(_one_stage(recipe, inputs),))


_PROGRAMS: dict[Pattern, Callable[[Recipe, tuple[str, ...]], Program]] = {
    Pattern.CLASSIFIER: _classifier,
    Pattern.STANDALONE_EXTRACTOR: _standalone,
    Pattern.INTEGRATED_EXTRACTOR: _integrated,
    Pattern.FINE_TUNING: _fine_tuning,
    Pattern.PARAMETER_EFFICIENT: _fine_tuning,
    Pattern.MULTI_LAYER_PROBE: _multi_layer_probe,
    Pattern.WEIGHT_INITIALIZATION: _whole_network,
    Pattern.FROM_SCRATCH: _whole_network,
    Pattern.CASCADE: _cascade,
    Pattern.DISTILLATION: _distillation,
}


def out_of_patience(program: Program, blocks: Sequence[str], *, done: int, best: int, patience: int) -> bool:
    """Whether training ends early: ``patience`` epochs in a row without a better one.

    Counted from the start of a stage, and only in the stage that trains everything the program ever trains: after a
    head warm-up, fine-tuning follows. A function of the epochs so far, so that a resumed or extended run ends at the
    same epoch as an uninterrupted one.

    Args:
        blocks: of the backbone, from input to output. done: number of epochs so far. best: the number of the best of
            them, 0 before the first. patience: 0 for never.
    """
    if not patience or not done:
        return False
    stage = program.stage_of(done)
    if stage.inputs != program.inputs or len(stage.trained) < len(blocks_behind(program.inputs[0].cut, blocks)):
        return False
    return done - max(best, stage.first_epoch - 1) >= patience


def blocks_behind(cut: str, blocks: Sequence[str]) -> tuple[str, ...]:
    """The blocks a stage with this cut can train, from input to output."""
    if cut == PIXELS:
        return tuple(blocks)
    return () if pooled(cut) else tuple(blocks[list(blocks).index(cut) + 1 :])


def features_used(program: Program, all_views: int, first_epoch: int = 1) -> list[tuple[Part, str, int]]:
    """(part, split, view) of everything that training from ``first_epoch`` (1-based) on and evaluation read from the
    feature store, each once.

    Args:
        all_views: of the recipe.
    """
    used: dict[tuple[Part, str, int], None] = {}
    for stage in (stage for stage in program.stages if stage.last_epoch >= first_epoch):
        epochs = range(max(stage.first_epoch, first_epoch), stage.last_epoch + 1)
        views = sorted({(epoch - 1) % all_views for epoch in epochs})
        if program.teacher is not None:
            used |= dict.fromkeys((program.teacher, "train", view) for view in views)
        for part in stage.inputs:
            used |= dict.fromkeys([*((part, "train", view) for view in views), (part, "validation", 0)])
    for part in program.inputs:
        if not program.stages and program.head not in (MAPPING, TEXTS):
            used |= dict.fromkeys((part, "train", view) for view in range(all_views))
        used |= dict.fromkeys([(part, "validation", 0), (part, "test", 0)])
    return [one for one in used if one[0].cut != PIXELS]
