"""A shortlist that is made and kept in the registry, so that it can be compared with what is trained later."""

from core.advising.shortlisting import Report, Shortlisting
from core.advising.values import Shortlist, ShortlistQuestion
from core.datasets.values import Dataset
from core.registry import Registry
from core.settings import Settings


def stored_shortlist(
    dataset: Dataset, question: ShortlistQuestion, *, registry: Registry, settings: Settings, report: Report
) -> Shortlist:
    """Makes a shortlist now and keeps it; call it where TensorFlow may be imported.

    Raises:
        As ``Shortlisting.make``.
    """
    found = Shortlisting(dataset, registry=registry, settings=settings, report=report).make(question)
    content = found.to_json()
    registry.add_shortlist(dataset.id, content["question"], content, found.seconds)
    return found
