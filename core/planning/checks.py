"""Checks of plans before launching: refusals, questions and notes, each one sentence with its remedies."""

from collections.abc import Callable, Iterator, Sequence

from core.backbones import availability, catalogue
from core.backbones.added import is_run
from core.backbones.text_network import require_tokenizers
from core.backbones.values import Availability
from core.backbones.weights import damage
from core.datasets.decoding.identity import StoredPicture, shared_pictures
from core.datasets.values import Dataset
from core.errors import InvalidInput, Unavailable
from core.files.here import dataset_here, model_here, predictions_here
from core.files.home import dataset_folder
from core.models.heads.mapping import Meaning, classes_of, described, mapped
from core.models.inference.model_files import read_model
from core.models.quantization import why_not
from core.planning.capacity import disk, memory
from core.planning.decide import Concern, Decision, Level
from core.planning.question import Question, ask, note, refuse
from core.planning.remedies import other_backbones, other_runs
from core.recipes.adapters import adapted_parts, nothing_to_train, possible_adapters, possible_depths, trains_something
from core.recipes.allowed import refused_patterns
from core.recipes.hyperparameters import BOUNDS, Adapter
from core.recipes.labels import ADAPTERS
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Cascade, Pattern
from core.recipes.prompts import texts_of
from core.recipes.recipe import Recipe
from core.recipes.remedy import Remedy, other_pattern, setting
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings
from core.text.units import count, listed

STEEP_RATE = {"learning_rate": 0.1, "fine_tuning_rate": 0.01}
"""From here on Adam's steps are 100 times the usual ones (0.001 and 0.0001; Kingma and Ba 2015; keras.io guides)."""


def examine(question: Question) -> tuple[Concern, ...]:
    """All concerns about one plan, the most severe first."""
    found = [concern for check in CHECKS for concern in check(question)]
    return tuple(sorted(found, key=lambda concern: list(Level).index(concern.level)))


# --- the recipe and the photos ---


def _photos(question: Question) -> Iterator[Concern]:
    dataset = question.dataset
    if dataset_folder(question.settings, dataset.id).lacks_photos:
        yield refuse(
            f"The photos of {dataset.name} version {dataset.version} are not here: it came with a model of another "
            "Graft. Import the same photos first."
        )


def _batch(question: Question) -> Iterator[Concern]:
    batch, train = question.recipe.settings().get("batch_size", 0), question.dataset.split_sizes["train"]
    if batch > train:
        yield refuse(
            f"A batch is at most as large as the training set. Received: batch_size={batch}, "
            f"{count(train, 'training photo')}. Choose batch_size={train} or less.",
            *([setting(question.recipe.pattern, "batch_size", train)] if train else []),
        )


def _rates(question: Question) -> Iterator[Concern]:
    for name, steep in STEEP_RATE.items():
        rate = question.recipe.settings().get(name, 0)
        if rate >= steep:
            yield ask(
                f"{name}={rate:g} is at least 100 times the usual: training will probably diverge and the run end "
                f"FAILED. Try {steep / 100:g}.",
                setting(question.recipe.pattern, name, steep / 100),
            )


def _validation(question: Question) -> Iterator[Concern]:
    if question.recipe.pattern is Pattern.CLASSIFIER:
        return
    counts = question.dataset.counts.get("validation", {})
    few = [name for name in question.dataset.class_names if counts.get(name, 0) <= 1]
    if few:
        yield note(
            f"{listed(few)} {'has' if len(few) == 1 else 'have'} at most one validation photo, so the choice of the "
            "best epoch or setting is unreliable. 14 photos of a class give two validation photos, 70 give ten."
        )


def _texts(question: Question) -> Iterator[Concern]:
    """Of a zero-shot classifier: texts for classes that are not there, and the package that splits texts."""
    if not question.recipe.prompts:
        return
    try:
        texts_of(question.dataset.class_names, question.recipe.prompts)
        require_tokenizers()
    except (InvalidInput, Unavailable) as error:
        yield refuse(str(error), other_pattern(Pattern.INTEGRATED_EXTRACTOR))


def _blind_classifier(question: Question) -> Iterator[Concern]:
    """Names with several meanings, and classes without a counterpart in ImageNet, which are never predicted."""
    if question.recipe.pattern is not Pattern.CLASSIFIER or question.recipe.prompts:
        return
    mapping = mapped(question.dataset.class_names, question.recipe.mapping)
    unmapped = mapping.unmapped
    yield from (ask(meaning.question, *_readings(meaning)) for meaning in mapping.open)
    yield from (note(remark) for remark in mapping.remarks)
    if len(unmapped) == len(question.dataset.class_names):
        yield refuse(
            "No class name matches an ImageNet class, so the pretrained classifier cannot predict them. "
            "Map ImageNet classes to yours in the table, or choose another pattern.",
            other_pattern(Pattern.INTEGRATED_EXTRACTOR),
        )
    elif unmapped:
        verb = "is" if len(unmapped) == 1 else "are"
        yield note(
            f"{listed(unmapped)} {verb} not among ImageNet's classes and will never be predicted. "
            "Correct the mapping in the table."
        )


def _readings(meaning: Meaning) -> list[Remedy]:
    """One for every meaning that an open class name may have."""
    readings = []
    for chosen in (meaning.synset, *meaning.others):
        pairs = {one: "" for other in meaning.others for one in classes_of(other)}
        pairs |= dict.fromkeys(classes_of(meaning.synset), "")
        pairs |= dict.fromkeys(classes_of(chosen), meaning.class_name)
        label = f"Read {meaning.class_name} as {described(chosen)}"
        readings.append(Remedy(label=label, mapping=tuple(pairs.items())))
    return readings


def _pattern(question: Question) -> Iterator[Concern]:
    for backbone in question.backbones.values():
        reason = refused_patterns(backbone).get(question.recipe.pattern)
        if reason:
            yield refuse(
                reason,
                other_pattern(Pattern.INTEGRATED_EXTRACTOR),
                *other_backbones(question.recipe, [backbone.name], question.settings),
            )


def _adapted(question: Question) -> Iterator[Concern]:
    """How much fine-tuning trains, where it trains parts only; nothing at all is refused."""
    recipe = question.recipe
    if recipe.pattern not in TRAINS_TOP_BLOCKS:
        return
    (backbone,), hp = question.backbones.values(), recipe.hyperparameters
    in_parts = recipe.pattern is Pattern.PARAMETER_EFFICIENT
    adapter, found = hp.adapter if in_parts else None, adapted_parts(recipe, backbone)
    if not trains_something(backbone, adapter, hp.depth):
        deeper = [depth for depth in possible_depths(backbone, adapter) if depth > hp.depth][:1]
        others = possible_adapters(backbone, hp.depth) if in_parts else ()
        yield refuse(
            nothing_to_train(backbone.title, adapter, hp.depth),
            *(setting(recipe.pattern, "adapter", other) for other in others),
            *(setting(recipe.pattern, "depth", depth) for depth in deeper),
        )
    elif found is not None:
        rank = f" of rank {hp.rank}" if hp.adapter is Adapter.LORA else ""
        blocks = count(hp.depth, "block") if hp.depth > 1 else "block"
        yield note(
            f"{ADAPTERS[hp.adapter]}{rank} in the top {blocks} of {backbone.title}: "
            f"{count(found.parameters, 'parameter')} of {count(found.layers, 'layer')} are trained besides the head."
        )


def _sized_classifier(question: Question) -> Iterator[Concern]:
    for backbone in question.backbones.values():
        size = question.recipe.hyperparameters.input_size
        if question.recipe.pattern is Pattern.CLASSIFIER and backbone.sized_classifier and size:
            yield refuse(
                f"The pretrained classifier of {backbone.title} takes inputs of its own size only. Received: {size} px",
                setting(question.recipe.pattern, "input_size", 0),
                other_pattern(Pattern.INTEGRATED_EXTRACTOR),
            )


def _repeated_failure(question: Question) -> Iterator[Concern]:
    if question.plan.decision is not Decision.RESUMED or question.plan.run_id is None:
        return
    run = question.registry.run(question.plan.run_id)
    if run.status is Status.FAILED and "learning rate" in run.reason:
        yield ask(f"It would fail again for the same reason: {run.reason}", *_smaller_rates(question.recipe))


def _smaller_rates(recipe: Recipe) -> list[Remedy]:
    """The rates that the recipe uses, at a tenth of their value."""
    used = [(name, float(recipe.settings()[name])) for name in STEEP_RATE if name in recipe.settings()]
    return [setting(recipe.pattern, name, max(rate / 10, BOUNDS[name][0])) for name, rate in used]


# --- what it builds on ---


def _weights(question: Question) -> Iterator[Concern]:
    if question.recipe.pattern is Pattern.FROM_SCRATCH:
        return
    for backbone in question.backbones.values():
        state = availability(backbone, question.settings)
        if state is Availability.NO_NETWORK:
            yield refuse(
                f"The weights of {backbone.title} must be downloaded and this machine has no network. "
                f"Choose a backbone that is ready, for example {catalogue()[0].title}.",
                *other_backbones(question.recipe, [backbone.name], question.settings),
            )
        elif state is Availability.GONE:
            yield refuse(
                f"The model of {backbone.title} was deleted. Train it again, or choose another backbone.",
                *other_backbones(question.recipe, [backbone.name], question.settings),
            )
        elif problem := damage(backbone, question.settings):
            yield refuse(problem, *other_backbones(question.recipe, [backbone.name], question.settings))


def _runs(question: Question) -> Iterator[Concern]:
    yield from _members(question.recipe, question.dataset, question.registry, question.settings)


def _members(recipe: Recipe, dataset: Dataset, registry: Registry, settings: Settings) -> Iterator[Concern]:
    runs = [registry.run(run_id) for run_id in recipe.runs]
    unfinished = [f"{run.name} ({run.id}, {run.status})" for run in runs if run.status is not Status.FINISHED]
    if unfinished:
        wrong = [run.id for run in runs if run.status is not Status.FINISHED]
        yield refuse(
            f"Only finished runs can be {'combined' if recipe.cascade else 'made smaller'}. "
            f"Not finished: {listed(unfinished)}.",
            *other_runs(recipe, wrong, dataset, registry),
        )
        return
    if recipe.pattern is Pattern.QUANTIZATION:
        yield from _quantizable(runs[0], settings)
        return
    if recipe.pattern is Pattern.DISTILLATION:
        yield from _teachable(runs[0], dataset, settings)
    if recipe.combines_runs:
        yield from _same_photos(recipe, runs, dataset, registry, settings)
    if recipe.cascade is Cascade.CONFIDENCE:
        yield from _cheap_first(runs, registry)


def _quantizable(run: Run, settings: Settings) -> Iterator[Concern]:
    if run.recipe.pattern is Pattern.QUANTIZATION:
        yield refuse(f"The model of {run.name} ({run.id}) is quantized already. Choose the run that it was made from.")
        return
    try:
        problem = why_not(read_model(model_here(settings, run.id)))
    except Unavailable as error:
        problem = str(error)
    if problem:
        yield refuse(problem)


def _teachable(run: Run, dataset: Dataset, settings: Settings) -> Iterator[Concern]:
    """Whether the teacher can predict the training photos, in the classes of the dataset."""
    try:
        names = read_model(model_here(settings, run.id)).class_names
    except Unavailable as error:
        yield refuse(str(error))
        return
    if names != tuple(dataset.class_names):
        yield refuse(
            f"A teacher has the classes of the dataset. {run.name} ({run.id}) has {listed(list(names))}, the dataset "
            f"{listed(list(dataset.class_names))}."
        )


def _same_photos(
    recipe: Recipe, runs: Sequence[Run], dataset: Dataset, registry: Registry, settings: Settings
) -> Iterator[Concern]:
    foreign = [run for run in runs if run.dataset_id != dataset.id]
    if foreign:
        others = [registry.dataset(dataset_id) for dataset_id in dict.fromkeys(run.dataset_id for run in foreign)]
        names = listed([f"{other.name} version {other.version}" for other in others])
        yield refuse(
            f"Predictions on different photos cannot be combined: {listed([run.id for run in foreign])} belong to "
            f"{names}, not from {dataset.name} version {dataset.version}. Choose runs of one dataset.",
            *other_runs(recipe, [run.id for run in foreign], dataset, registry),
        )
        return
    for run in runs:
        if not all(predictions_here(settings, run.id, split).exists() for split in ("validation", "test")):
            yield refuse(
                f"The predictions of {run.name} ({run.id}) were deleted. Retrain it with --force.",
                *other_runs(recipe, [run.id], dataset, registry),
            )


def _cheap_first(runs: Sequence[Run], registry: Registry) -> Iterator[Concern]:
    cheap, costly = (registry.cost(run.id) for run in runs)
    if cheap and costly and cheap.multiply_adds >= costly.multiply_adds:
        yield note(
            f"{runs[0].name} needs as much computation per photo as {runs[1].name}, so asking it first saves nothing. "
            "Name the cheaper one first.",
            Remedy(label="Swap the two runs", members=(runs[1].id, runs[0].id)),
        )


def _leaks(question: Question) -> Iterator[Concern]:
    """Data leakage: a model trained on photos of this test split would look better than it is."""
    tested: list[StoredPicture] = []
    for name in _builds_on(question.recipe, question.registry):
        parent = question.registry.run(name)
        if parent.dataset_id == question.dataset.id:
            continue
        tested = tested or _stored(question, question.dataset.id, "test")
        seen = [one for split in ("train", "validation") for one in _stored(question, parent.dataset_id, split)]
        shared = shared_pictures(tested, seen)
        if shared:
            yield ask(
                f"{parent.name} ({parent.id}) was trained on {count(shared, 'photo')} that are test photos "
                "here, so the test accuracy would be too high (data leakage).",
                *_without(question, name),
            )


def _without(question: Question, name: str) -> Iterator[Remedy]:
    """Without a backbone or run that the recipe builds on."""
    if name in question.recipe.backbones:
        return other_backbones(question.recipe, [name], question.settings)
    return other_runs(question.recipe, [name], question.dataset, question.registry)


def _stored(question: Question, dataset_id: str, split: str) -> list[StoredPicture]:
    folder = dataset_here(question.settings, dataset_id)
    photos = question.registry.photos(dataset_id, split=split)
    return [StoredPicture(photo=photo, path=folder.photo(photo.digest)) for photo in photos]


def _builds_on(recipe: Recipe, registry: Registry) -> list[str]:
    return [name for name in dict.fromkeys((*recipe.backbones, *recipe.runs)) if is_run(name)]


CHECKS: tuple[Callable[[Question], Iterator[Concern]], ...] = (
    _photos, _batch, _rates, _validation, _pattern, _adapted, _sized_classifier, _texts, _blind_classifier,
    _repeated_failure, _weights, _runs, _leaks, disk, memory,
)  # fmt: skip
