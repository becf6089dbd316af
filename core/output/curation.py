"""What a check of a dataset found as JSON: ``core check``."""

from core.curation.values import Findings
from core.datasets.values import Dataset
from core.text.units import count


def findings_json(dataset: Dataset, found: Findings) -> dict:
    """A dataset and what was found in it."""
    return {
        "dataset": dataset.id,
        "name": dataset.name,
        "version": dataset.version,
        "photos": dataset.photo_count,
        "label_errors": len(found.labels),
        "groups": len(found.copies),
        "leaks": len(found.leaks),
        "odd": len(found.odd),
        "summary": findings_summary(found),
        "findings": found.to_json(),
    }


def findings_summary(found: Findings) -> str:
    """One sentence for a heading."""
    if not (found.labels or found.copies or found.odd):
        return "no label error, near-copy or odd photo was found."
    leaks = f", {len(found.leaks)} of them across splits" if found.leaks else ""
    return (
        f"{count(len(found.labels), 'likely label error')}, {count(len(found.copies), 'group')} of near-copies{leaks}, "
        f"{count(len(found.odd), 'odd photo')}."
    )
