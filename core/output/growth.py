"""Whether more photos would help, as JSON and as sentences: ``core learning-curve``."""

from core.advising.growth import Growth
from core.datasets.values import Dataset
from core.text.units import count, percent


def growth_json(dataset: Dataset, found: Growth) -> dict:
    """A dataset and its learning curves."""
    return {
        "dataset": dataset.id,
        "name": dataset.name,
        "version": dataset.version,
        "summary": growth_sentence(found),
        "growth": found.to_json(),
    }


def growth_sentence(found: Growth) -> str:
    """What twice the photos would give with the most accurate backbone, and which class would gain most."""
    if not found.curves:
        return found.problem
    curve = found.curves[0]
    twice = curve.twice
    sentence = (
        f"With twice the training photos ({twice.photos:,}) a linear head on {curve.title} would reach about "
        f"{percent(twice.accuracy, (twice.low, twice.high))} of {count(found.validation, 'validation photo')}; with "
        f"the {curve.photos[-1]:,} there are now it reaches {percent(curve.accuracies[-1])}."
    )
    if (most := curve.gains_most) is not None:
        now = f"now {percent(most.recall)} of its validation photos are predicted correctly"
        return f"{sentence} The class {most.class_name} would gain most: {now}."
    return f"{sentence} Which class would gain most cannot be told."
