"""How well half of the photos forecast all of them: ``python -m tests.bench.bench_learning_curve [HOME]``.

For every backbone and input size of the shortlist's grid, and several halves of the training photos: the power law is
fitted to probes of nested samples of the half, and its forecast for all training photos is compared with the accuracy
of a probe that is fitted on all of them, on the same validation photos. HOME as in ``bench_shortlist``.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.bench.bench_shortlist import opened

HALVES = range(3)
WANTED = 1.5
"""Points between forecast and accuracy."""


def main(home: str | None = None) -> None:
    if home is None:
        with tempfile.TemporaryDirectory() as folder:
            main(folder)
        return
    from core.advising.candidates import contenders_of

    bench, dataset = opened(Path(home))
    print(f"{dataset.name}: {dataset.split_sizes}")
    errors, inside = [], []
    for contender in contenders_of(dataset, bench.registry, bench.settings):
        for half in HALVES:
            found, whole = forecast(bench, dataset, contender.backbone, half)
            errors.append(100 * (found.accuracy - whole))
            inside.append(found.low <= whole <= found.high)
            print(
                f"{contender.backbone.title} {contender.backbone.input_size} px, half {half}: "
                f"{100 * found.accuracy:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f}), was {100 * whole:.1f}",
                flush=True,
            )
    close = np.abs(errors) <= WANTED
    print(
        f"== within {WANTED} points in {close.mean():.0%} of {len(close)}, mean {np.mean(errors):+.2f}, largest "
        f"{np.abs(errors).max():.2f}; inside of the 80 % band in {np.mean(inside):.0%}"
    )


def forecast(bench, dataset, backbone, half: int):
    """The forecast of all training photos from half of them, and the accuracy with all of them."""
    from core.advising.growing import REPETITIONS, SHARES
    from core.advising.growth import curve_of
    from core.advising.probes import ProbeData, right_by_probe
    from core.advising.samples import nested
    from core.features.compute import features_of

    rows, labels = {}, {}
    number = {name: label for label, name in enumerate(dataset.class_names)}
    photos = {split: nested(bench.registry.photos(dataset.id, split=split), half) for split in ("train", "validation")}
    for split, own in photos.items():
        rows[split] = np.asarray(
            features_of(own, dataset=dataset, backbone=backbone, settings=bench.settings).array, np.float32
        )
        labels[split] = np.array([number[photo.class_name] for photo in own])

    def right(inside: np.ndarray) -> np.ndarray:
        return right_by_probe(
            ProbeData(
                train=(rows["train"][inside],),
                labels=labels["train"][inside],
                validation=(rows["validation"],),
                validation_labels=labels["validation"],
                classes=len(number),
            )
        )

    whole = len(photos["train"])
    place = {photo.digest: index for index, photo in enumerate(photos["train"])}
    first = photos["train"][: whole // 2]
    sizes = [round(share * len(first)) for share in SHARES]
    orders = [np.array([place[photo.digest] for photo in nested(first, seed)]) for seed in range(REPETITIONS)]
    found = np.array([[right(order[:size]) for size in sizes] for order in orders])
    _, (forecast,) = curve_of(found, sizes, (whole / len(first),))
    return forecast, float(right(np.arange(whole)).mean())


if __name__ == "__main__":
    main(*sys.argv[1:])
