"""A machine that needs the features of the training photos, as a process of its own.

``python -m tests.feature_machine NOTES SECONDS PHOTOS``: the file in which it notes every photo that it computes, what
each takes, and the photos of a shard. The environment says where home, registry and store are. It prints the digest of
the array and what it cost.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np

from core.artifacts import bringing
from core.features import shards
from core.files.home import dataset_folder
from core.settings import load_settings
from tests.core.features.test_compute import Counting, ask
from tests.factories import make_dataset, make_photos

PER_CLASS = 10


class Noting(Counting):
    """Notes the row of every photo before it computes it, because it may be killed."""

    batch = 1

    def __init__(self, notes: Path, seconds: float, rows: dict[bytes, int]) -> None:
        super().__init__(seconds)
        self._notes, self._rows = notes, rows

    def __call__(self, views):
        with self._notes.open("a") as file:
            file.writelines(f"{self._rows[view.jpeg]}\n" for view in views)
        return super().__call__(views)


def main(notes: str, seconds: str, of_a_shard: str) -> None:
    bringing.install()
    shards.SHARD_PHOTOS = int(of_a_shard)
    settings, photos = load_settings(), make_photos(per_class=PER_CLASS)
    dataset = make_dataset(photos)
    train = sorted((one.class_name, one.digest) for one in photos if one.split == "train")
    stored = dataset_folder(settings, dataset.id)
    rows = {stored.photo(digest).read_bytes(): row for row, (_, digest) in enumerate(train)}
    found = ask(settings, dataset, photos, engine=Noting(Path(notes), float(seconds), rows))
    digest = sha256(np.ascontiguousarray(found.array).tobytes()).hexdigest()
    print(json.dumps({"digest": digest, "cost": vars(found.cost)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
