"""The child process that reads the labels in a Parquet file: ``python -m core.datasets.labels.parquet_reader``.

It reads one task as a JSON line on stdin and writes one JSON object to stdout. The kernel limits memory, output and
time, as it does for a decoder.
"""

import json
import signal
import sys
from dataclasses import asdict

from core.datasets.decoding.decoder import read_source, set_limits
from core.errors import InvalidInput

SECONDS = 120.0


def main() -> None:
    """Answer one task."""
    set_limits()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    from core.datasets.labels.parquet_rows import describe, open_parquet

    try:
        answer = asdict(describe(open_parquet(read_source(json.loads(sys.stdin.buffer.readline())))))
    except InvalidInput as refusal:
        answer = {"reason": str(refusal)}
    except MemoryError:
        answer = {"reason": "needs more memory than a Parquet file may take"}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
