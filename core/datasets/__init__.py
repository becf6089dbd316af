"""Photos in: reading untrusted uploads, finding classes, drawing the split, storing one immutable dataset.

``uploads`` lists an archive (``unpacking``, ``archives``, ``tars``) or a folder by the policy of ``listing``, with
names in their ``encodings``; ``recognition`` finds classes and splits, ``lookalike`` checks the names of classes;
``sandbox`` decodes in child processes (``decoder``), which read with ``members`` and decode with ``photos``;
``kinds`` names every kind of file (``tiff`` reads the tables of TIFF), ``modes`` makes RGB of every colour mode;
``decoding`` runs the passes over an upload, ``identity`` finds photos with equal pixels;
``acceptance`` and ``splits`` decide; ``manifest`` and ``staging`` store; ``importing`` runs these steps.
"""

from pathlib import Path

from core.datasets.importing import import_photos
from core.datasets.progress import ImportProgress
from core.datasets.sandbox import decode_untrusted
from core.datasets.staging import sweep

DEMO_ARCHIVE = Path(__file__).parent / "demo" / "demo-photos.zip"
"""192 photos in five classes, CC0 or public domain; authors in ``demo-photos-sources.csv`` beside it."""

__all__ = ["DEMO_ARCHIVE", "ImportProgress", "decode_untrusted", "import_photos", "sweep"]
