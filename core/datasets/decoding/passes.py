"""Decoding the files of an upload: one pass over all of them, and a second one over the few that need it."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from core.datasets.decoding.identity import look_alikes
from core.datasets.decoding.modes import FULL_GREY, grey_bits_of
from core.datasets.decoding.sandbox import Decoded, Failed, Task, decode_all, task_of
from core.datasets.layout import UploadFile
from core.datasets.progress import ProgressTracker
from core.datasets.staging import Staging
from core.datasets.values import Rejection


class DecodedFiles:
    """Files of an upload, decoded into a folder.

    Args:
        files: of the upload. source: the upload. stage: where the folder is created.
        folder: its name. label: of the pass over all files, for the progress.

    Attributes:
        decoded: in the order of the files. rejections: the files that are no photos.
    """

    def __init__(
        self,
        files: Sequence[UploadFile],
        source: Path,
        *,
        stage: Staging,
        folder: str,
        tracker: ProgressTracker,
        label: str,
    ) -> None:
        self.files = files
        self.folder = stage.path / folder
        self._stage, self._tracker = stage, tracker
        self._tasks = tasks_of(files, source)
        if files:
            self.folder.mkdir()
        results = self._run(self._tasks, label)
        self.decoded = [result for result in results if isinstance(result, Decoded)]
        self.rejections = [self._rejection(result) for result in results if isinstance(result, Failed)]

    def scale_grey(self, bits: int) -> None:
        """Decode the 16-bit grey photos again, as photos that use ``bits`` of them."""
        wanted = {one.index for one in self.decoded if one.grey_max is not None}
        tasks = [replace(task, grey_bits=bits) for task in self._tasks if task.index in wanted]
        again = {result.index: result for result in self._run(tasks, "Scaling 16-bit photos")}
        self.rejections += [self._rejection(result) for result in again.values() if isinstance(result, Failed)]
        found = [again.get(one.index, one) for one in self.decoded]
        self.decoded = [one for one in found if isinstance(one, Decoded)]

    def alike(self, grey_bits: int | None) -> dict[str, str]:
        """``{digest: identity}`` of large photos whose pixels are equal although their stored JPEGs differ."""
        suspects = {one.index: one for one in look_alikes(self.decoded, self.folder)}
        if not suspects:
            return {}
        tasks = [
            replace(task, exact=True, grey_bits=grey_bits or FULL_GREY)
            for task in self._tasks
            if task.index in suspects
        ]
        compared = self._run(tasks, "Comparing large photos")
        exact = {one.digest: one.pixels for one in compared if isinstance(one, Decoded)}
        stored = {one.digest: one.pixels for one in self.decoded}
        # The copies of a file of the suspects, and of the same stored JPEG, are one photo with it.
        identity = {stored[digest]: pixels for digest, pixels in exact.items()}
        return {digest: identity[pixels] for digest, pixels in stored.items() if pixels in identity}

    def _run(self, tasks: Sequence[Task], label: str) -> list[Decoded | Failed]:
        """The results in the order of the files."""
        if not tasks:
            return []
        results: dict[int, Decoded | Failed] = {}
        rejected = 0
        tracker = self._tracker
        tracker.report(label, 0, len(tasks))
        with closing(decode_all(tasks, self.folder, keep_open=(self._stage.lock.descriptor,))) as decoding:
            for result in decoding:
                if result is not None:
                    results[result.index] = result
                    rejected += isinstance(result, Failed)
                if tracker.due:
                    tracker.report(label, len(results), len(tasks), rejected)
        tracker.report(label, len(results), len(tasks), rejected)
        return [results[index] for index in sorted(results)]

    def _rejection(self, failed: Failed) -> Rejection:
        return Rejection(file=self.files[failed.index].name, reason=failed.reason)


def scale_together(parts: Iterable[DecodedFiles]) -> tuple[int | None, tuple[str, ...]]:
    """Give all 16-bit grey photos of an upload one scale, the bits that the brightest of them needs.

    Returns:
        The bits, None where there are no such photos, and notes for the user.
    """
    parts = list(parts)
    highest = [one.grey_max for part in parts for one in part.decoded if one.grey_max is not None]
    bits = grey_bits_of(highest)
    if bits is not None and bits < FULL_GREY:
        for part in parts:
            part.scale_grey(bits)
    return bits, _grey_notes(highest, bits)


def _grey_notes(highest: Sequence[int], bits: int | None) -> tuple[str, ...]:
    if bits is None:
        return ()
    notes = []
    photos = (
        "1 photo is 16-bit grey and uses" if len(highest) == 1 else f"{len(highest):,} photos are 16-bit grey and use"
    )
    if bits < FULL_GREY:
        notes.append(
            f"{photos} values up to {max(highest):,}: as {bits}-bit grey, 0 is black and {2**bits - 1:,} is white in "
            f"all of them (their brightness was multiplied by {2 ** (FULL_GREY - bits)})."
        )
    dark = sum(one.bit_length() <= bits - 3 for one in highest)
    if dark:
        some = "1 of these photos is" if dark == 1 else f"{dark:,} of these photos are"
        notes.append(
            f"{some} dark beside the others: no value reaches an eighth of {max(highest):,}, the highest of all "
            f"{len(highest):,} 16-bit grey photos, which have one scale. Import photos of different scanners as "
            "separate datasets, or with 8 bits."
        )
    return tuple(notes)


def tasks_of(files: Sequence[UploadFile], source: Path) -> list[Task]:
    """Tasks of ``files``, numbered in their order and sorted by the offset in the archive, so that the disk is read
    sequentially."""
    source = source.resolve()
    tasks = [task_of(index, file, source) for index, file in enumerate(files)]
    return sorted(tasks, key=lambda task: (task.member.offset if task.member else 0, task.index))
