"""Duration of one rerun of a page with 10,000 runs in the registry, over a real server's websocket.

``python -m tests.bench.bench_overview [RUNS]`` prints the median of 15 reruns per page. The page Compare has separate
benches: ``bench_leaderboard`` and ``bench_compare``.
"""

import sys
import tempfile
from pathlib import Path

from core.files.home import registry_file
from core.registry import Registry
from core.settings import Settings
from tests.bench.many_runs import fill_many
from tests.bench.visiting import served, visiting

PAGES = ("", "datasets", "train", "runs", "models", "predict", "board")


def main(runs: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home")
        registry = Registry.open(registry_file(settings))
        fill_many(registry, settings, runs)
        registry.close()
        with served(settings.home, Path(folder) / "server.log") as server:
            for page in PAGES:
                with visiting(server) as visitor:
                    print(f"{page or 'overview'}: {visitor.measure(page)}")
            print(f"web process: {server.health()['rss_bytes'] / 1e6:.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
