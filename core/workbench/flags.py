"""What a check found fault with among the test photos, beside the accuracies that are measured on them."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.comparison.subset import PhotoSubset, subset_of
from core.curation.checking import read_findings
from core.curation.flags import Flag, FlaggedPhotos, flagged_photos
from core.curation.left_out import LeftOutPhoto, left_out_photos
from core.datasets.values import Dataset
from core.errors import InvalidInput
from core.planning.fitness import leaks_text
from core.workbench.base import Bench

CAPACITY = 32
"""Datasets whose digests of test photos are kept in memory."""

_lock = threading.Lock()
_known: OrderedDict[tuple[Path, str], tuple[str, ...]] = OrderedDict()


class Flagging(Bench):
    """Suspect and leaked test photos of datasets."""

    def flagged(self, dataset_id: str) -> FlaggedPhotos | None:
        """The flagged test photos; None where the dataset was not checked."""
        return flagged_photos(self.registry.dataset(dataset_id), self.settings)

    def leaked(self, dataset_id: str) -> int:
        """Test photos with a near-copy in another split, as a check found them; 0 where nobody has checked."""
        found = self.flagged(dataset_id)
        return 0 if found is None else len(found.leaked)

    def leak_notes(self, dataset_ids: Iterable[str]) -> list[dict]:
        """Of the datasets that have leaked test photos, each once: how many, and a sentence, as JSON."""
        notes = []
        for dataset in map(self.registry.dataset, dict.fromkeys(dataset_ids)):
            if leaked := self.leaked(dataset.id):
                about = {"dataset": dataset.id, "name": f"{dataset.name}:{dataset.version}"}
                figures = {"leaked": leaked, "of": dataset.split_sizes["test"]}
                notes.append(about | figures | {"sentence": leaks_text(leaked)})
        return notes

    def leak_note(self, dataset_id: str) -> dict | None:
        """Of one dataset; None where a check found no leak, or nobody checked."""
        return next(iter(self.leak_notes([dataset_id])), None)

    def subset(self, dataset_id: str, without: Sequence[Flag]) -> PhotoSubset | None:
        """The test photos without the flagged ones; None where nothing is left out by ``without``, or by a check.

        Raises:
            InvalidInput: the photos were not checked. TooFewLeft: too few are left.
        """
        if not without:
            return None
        dataset = self.registry.dataset(dataset_id)
        title = f"{dataset.name}:{dataset.version}"
        found = self.flagged(dataset_id)
        if found is None:
            raise InvalidInput(
                f"The photos of {title} have not been checked, so none is known to be suspect or leaked. Check them "
                f"first: core check {title}"
            )
        return subset_of(self._test_digests(dataset), found, tuple(without), title)

    def left_out(self, dataset_id: str, without: Sequence[Flag]) -> tuple[LeftOutPhoto, ...]:
        """The test photos that ``subset`` leaves out, with what the check found; () where it leaves none out."""
        dataset = self.registry.dataset(dataset_id)
        findings = read_findings(dataset, self.settings) if without else None
        flagged = self.flagged(dataset_id)
        return () if findings is None or flagged is None else left_out_photos(findings, flagged, without)

    def _test_digests(self, dataset: Dataset) -> tuple[str, ...]:
        """Read once, since a dataset does not change."""
        key = self.settings.home, dataset.id
        with _lock:
            if key in _known:
                return _known[key]
        digests = tuple(photo.digest for photo in self.registry.photos(dataset.id, split="test"))
        with _lock:
            _known[key] = digests
            while len(_known) > CAPACITY:
                _known.popitem(last=False)
        return digests
