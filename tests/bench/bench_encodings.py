"""Encodings of class names found by Graft and by charset-normalizer: ``python -m tests.bench.bench_encodings``.

Both get the names of an archive of two classes (``tests/core/datasets/archives/class_names.toml``).
"""

import sys

from charset_normalizer import from_bytes

from tests.core.datasets.archives.test_encodings import cases, readings


def by_charset_normalizer(names: list[str], encoding: str) -> bool:
    """Whether its best guess for all names together reads them as they are."""
    best = from_bytes("/".join(names).encode(encoding)).best()
    return best is not None and str(best) == "/".join(names)


def main() -> int:
    pairs = cases()
    ours = sum(readings(names, encoding)[0] == names for encoding, names in pairs)
    theirs = sum(by_charset_normalizer(names, encoding) for encoding, names in pairs)
    print(f"pairs of class names read rightly: {ours} of {len(pairs)}; by charset-normalizer {theirs}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
