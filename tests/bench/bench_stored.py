"""Size of stored features: ``python -m tests.bench.bench_stored [BACKBONE ...]``.

Megabytes for 1,000 photos at every cut, from the shapes in the catalogue; for the first backbone the arrays are also
computed at three cuts on the demo photos and the sizes of their files are printed.
"""

import sys
import tempfile

from tests.bench.homes import open_home

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


if __name__ == "__main__":
    main(*sys.argv[1:])
