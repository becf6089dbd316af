"""Duration of one rerun of a page with 10,000 runs in the registry, over a real server's websocket.

``python -m tests.bench.bench_overview [RUNS [EPOCHS]]`` prints the median of 15 reruns per page. With 100,000 runs (of
10 epochs) Overview must take under 60 ms and the web process under 250 MB. Compare is visited for its memory; it has
separate benches: ``bench_leaderboard`` and ``bench_compare``.
"""

import sys
import tempfile
from pathlib import Path

from core.files.home import registry_file
from core.registry import Registry
from core.settings import Settings
from tests.bench.many_runs import fill_many
from tests.bench.visiting import served, visiting

PAGES = ("", "datasets", "backbones", "train", "runs", "models", "predict", "board")


TARGET_MS, TARGET_MB = 60, 250


def main(runs: int = 10_000, epochs: int = 100) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home")
        registry = Registry.open(registry_file(settings))
        fill_many(registry, settings, runs, epochs)
        registry.close()
        with served(settings.home, Path(folder) / "server.log") as server:
            found = {}
            for page in PAGES:
                with visiting(server) as visitor:
                    found[page] = visitor.measure(page)
                    print(f"{page or 'overview'}: {found[page]}")
            with visiting(server) as visitor:
                print(f"one backbone: {visitor.measure('backbones', 'backbone=efficientnet_lite0')}")
            with visiting(server) as visitor:
                print(f"compare: {visitor.measure('compare', 'size=50', reruns=3)}")
            memory = server.health()["rss_bytes"] / 1e6
            print(f"Overview within {TARGET_MS} ms: {'yes' if found[''].median < TARGET_MS else 'NO'}")
            print(f"web process: {memory:.0f} MB, within {TARGET_MB}: {'yes' if memory < TARGET_MB else 'NO'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
