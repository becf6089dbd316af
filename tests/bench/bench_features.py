"""Speed of computing features: ``python -m tests.bench.bench_features [BACKBONE]``.

The engine Graft uses against the same prefix as a ``tf.function`` and through ``model.predict``, on the same photos.
"""

import sys
import tempfile
from pathlib import Path

from tests.bench.measuring import BACKBONE, figures, in_turns, random_photos, ratio

PHOTOS, ROUNDS = 96, 5


def main(name: str = BACKBONE) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from core.backbones import get
    from core.features import networks
    from core.features.engines import engine_file
    from core.features.litert import LiteRTEngine
    from core.features.tensorflow import TensorFlowEngine
    from core.settings import Settings

    backbone = get(name)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        photos = random_photos(PHOTOS, backbone.input_size)
        prefix = networks.prefix(backbone, settings)
        function = TensorFlowEngine(backbone, settings)
        litert = LiteRTEngine.for_many(engine_file(backbone, settings).path)
        deviation = np.abs(litert(photos[:8]) - function(photos[:8])).max()

        def by_all_workers() -> list:
            with ThreadPoolExecutor(litert.workers) as pool:
                return list(pool.map(litert, np.array_split(photos, litert.workers)))

        ways = {
            "litert": by_all_workers,
            "tf.function": lambda: [function(photos[start : start + 8]) for start in range(0, PHOTOS, 8)],
            "model.predict": lambda: prefix.predict(photos.astype(np.float32), batch_size=32, verbose=0),
        }
        seconds = in_turns(ways, ROUNDS)
    for way, times in seconds.items():
        print(f"{backbone.title}, {way}: {figures(times, PHOTOS)}")
    print(f"largest difference between engine and tf.function: {deviation:.1e}")
    print(f"features engine / tf.function: ratio = {ratio(seconds['tf.function'], seconds['litert']):.1f}x")
    print(f"features engine / model.predict: ratio = {ratio(seconds['model.predict'], seconds['litert']):.1f}x")


if __name__ == "__main__":
    main(*sys.argv[1:])
