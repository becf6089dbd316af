"""Size of stored features, and of what a new version reuses: ``python -m tests.bench.bench_stored [BACKBONE ...]``.

Megabytes for 1,000 photos at every cut, from the shapes in the catalogue; for the first backbone the arrays are also
computed at three cuts on the demo photos and the sizes of their files are printed. Then the photos of
``homes.photos_for_benches`` (clothing, where it is there) get a new version with four photos changed: CPU seconds of
its features beside those of the version before and of computing them anew, which must be equal.
"""

import sys
import tempfile
import time

import numpy as np

from tests.bench.homes import open_home, photos_for_benches

LITE = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")


def main(*names: str) -> None:
    from core.backbones import get
    from core.features.sizes import bytes_per_photo
    from core.recipes.program import CLASSES, TOP

    for backbone in map(get, names or LITE):
        print(f"{backbone.title}, MB per 1,000 photos (feature map / pooled):")
        vectors = ", ".join(f"{cut} {bytes_per_photo(backbone, cut) / 1e3:.1f}" for cut in (CLASSES, TOP))
        print(f"  {vectors}")
        for block in reversed(backbone.blocks):
            whole, pool = (bytes_per_photo(backbone, cut) / 1e3 for cut in (block, f"{block}.pool"))
            print(f"  {block:>8} {whole:8.1f} / {pool:.1f}")
    _weigh((names or LITE)[0])
    _renew((names or LITE)[0])


def _weigh(name: str) -> None:
    from core.backbones import get
    from core.features.compute import features_of
    from core.features.sizes import bytes_per_photo
    from core.recipes.program import TOP

    backbone = get(name)
    with tempfile.TemporaryDirectory() as home:
        bench = open_home(home, "demo")
        dataset = bench.registry.datasets()[0]
        photos = bench.registry.photos(dataset.id, split="test")
        for cut in (TOP, backbone.blocks[-3], f"{backbone.blocks[-3]}.pool"):
            found = features_of(photos, dataset=dataset, backbone=backbone, settings=bench.settings, cut=cut)
            stored, known = found.array.nbytes / len(photos), bytes_per_photo(backbone, cut)
            print(f"{cut}: {stored / 1e3:.1f} kB a photo on disk; announced / stored: ratio = {known / stored:.2f}x")


def _renew(name: str) -> None:
    """A version with three photos relabelled and one excluded."""
    from core.backbones import get
    from core.curation.decisions import PhotoAction, decide
    from core.curation.versions import apply_decisions
    from core.features.engines import engine_file
    from core.features.store import forget

    with tempfile.TemporaryDirectory() as home:
        bench = open_home(home, photos_for_benches())
        registry, settings = bench.registry, bench.settings
        (before,) = registry.datasets()
        engine_file(get(name), settings)  # exported once, for whatever dataset
        first, _ = _computed(name, bench, before)
        photos = registry.photos(before.id, split="train")
        for photo, action in zip(photos[::700], (*3 * [PhotoAction.RELABEL], PhotoAction.EXCLUDE), strict=False):
            target = next(one for one in before.class_names if one != photo.class_name)
            target = target if action is PhotoAction.RELABEL else ""
            decide(before, [photo.digest], action, target, registry=registry, settings=settings)
        after = apply_decisions(before, registry=registry, settings=settings)
        print(f"{after.photo_count} photos of a version, made from {before.photo_count}: {after.notes[-1]}")
        again, copied = _computed(name, bench, after)
        for dataset in (before, after):
            forget(settings, dataset=dataset.digest)
        anew, computed = _computed(name, bench, after)
        same = all(np.array_equal(one, other) for one, other in zip(copied, computed, strict=True))
        print(f"features of the version before {first:.1f} s of CPU; of the new one {again:.2f} s, anew {anew:.1f} s")
        print(f"the rows of both ways are {'equal bit for bit' if same else 'DIFFERENT'}")


def _computed(name: str, bench, dataset) -> tuple[float, list[np.ndarray]]:
    """CPU seconds, and the rows of every split."""
    from core.backbones import get
    from core.features.compute import features_of

    begin, found = time.process_time(), []
    for split in ("train", "validation", "test"):
        photos = bench.registry.photos(dataset.id, split=split)
        features = features_of(photos, dataset=dataset, backbone=get(name), settings=bench.settings)
        found.append(np.array(features.array))
    return time.process_time() - begin, found


if __name__ == "__main__":
    main(*sys.argv[1:])
