"""How a photo becomes the square: ``python -m tests.bench.bench_fit ARCHIVE FOLDER [NETWORK:SIZE ...]``.

A linear probe (standardised features, logistic regression) on the training and
validation photos of the archive's split, without its test photos: accuracy in 5 folds for squash, crop and pad, and the
difference from squash with a 95 % interval over the photos. Features are kept in FOLDER.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from core.datasets.decoding.fit import Fit
from core.settings import Settings

USUAL = (
    "efficientnet_lite0:224",
    "mobilenet_v1:224",
    "squeezenet:227",
    "efficientnet_lite0:320",
    "efficientnet_lite2:260",
)
FOLDS = 5
C = 3e-3
"""Fixed, so that no fit has a choice of its own; near the best on standardised features (decision 0011)."""


def main(archive: Path, folder: Path, networks: tuple[str, ...]) -> None:
    photos, labels = _photos(archive)
    print(f"{len(photos)} photos without the test photos, {len(set(labels))} classes", flush=True)
    for network in networks or USUAL:
        right = {fit: _right(_features(photos, network, fit, folder), np.array(labels)) for fit in Fit}
        for fit, one in right.items():
            apart = one.astype(float) - right[Fit.SQUASH]
            half = 1.96 * apart.std(ddof=1) / len(apart) ** 0.5
            print(
                f"{network} {fit}: {one.mean():.4f}, minus squash {apart.mean():+.4f} "
                f"({apart.mean() - half:+.4f} to {apart.mean() + half:+.4f})",
                flush=True,
            )


def _photos(archive: Path) -> tuple[list[bytes], list[str]]:
    """Of all splits but test; of an archive without split all."""
    with ZipFile(archive) as file:
        names = [name for name in sorted(file.namelist()) if name.lower().endswith((".jpg", ".jpeg"))]
        kept = [name for name in names if "test" not in name.split("/")]
        return [file.read(name) for name in kept], [name.split("/")[-2] for name in kept]


def _features(photos: list[bytes], network: str, fit: Fit, folder: Path) -> np.ndarray:
    from core.backbones import get
    from core.backbones.inputs import with_input
    from core.datasets.decoding.fit import pixels
    from core.features.engines import engine_file
    from core.features.litert import LiteRTEngine

    kept = folder / f"{network.replace(':', '-')}-{fit}-{len(photos)}.npy"
    if not kept.exists():
        name, size = network.split(":")
        backbone = with_input(get(name), int(size), fit)
        engine = LiteRTEngine.for_many(engine_file(backbone, Settings(home=folder)).path)
        with ThreadPoolExecutor(engine.workers) as pool:
            rows = list(pool.map(lambda photo: engine(pixels(photo, int(size), fit)[None])[0], photos))
        np.save(kept, np.stack(rows))
    return np.load(kept)


def _right(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether each photo is predicted right by the fold that did not see it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    right = np.zeros(len(labels), bool)
    for train, held_back in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(features, labels):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=200, tol=1e-3)).fit(
            features[train], labels[train]
        )
        right[held_back] = model.predict(features[held_back]) == labels[held_back]
    return right


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), tuple(sys.argv[3:]))
