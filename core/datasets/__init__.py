"""Photos in: reading untrusted uploads, finding classes, drawing the split, storing one immutable dataset.

- ``archives``: what a user hands over as one list of files; ZIP and TAR, their policy, the encodings of names.
- ``layouts``: the classes and splits that folders show, and what the user has to choose; ``labels``: tables of labels.
- ``decoding``: photos in child processes, every kind and colour mode, and which photos have equal pixels.

``acceptance`` and ``splits`` decide; ``manifest`` and ``staging`` store; ``importing`` runs these steps.
"""

from pathlib import Path

from core.datasets.decoding.warm import decode_untrusted
from core.datasets.importing import import_photos
from core.datasets.progress import ImportProgress
from core.datasets.staging import sweep

DEMO_ARCHIVE = Path(__file__).parent / "demo" / "demo-photos.zip"
"""192 photos in five classes, CC0 or public domain; authors in ``demo-photos-sources.csv`` beside it."""

__all__ = ["DEMO_ARCHIVE", "ImportProgress", "decode_untrusted", "import_photos", "sweep"]
