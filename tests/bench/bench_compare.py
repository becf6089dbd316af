"""Twenty runs of 200 epochs side by side: script time and points sent of every view of the page Compare.

``python -m tests.bench.bench_compare [RUNS [EPOCHS]]``. After the first time a view must take under 400 ms, and no
chart may send more than 20,000 points to the browser.
"""

import sys
import tempfile
from pathlib import Path

from core.registry import Registry
from core.settings import Settings
from core.web.panels.compare.views import VIEWS
from tests.bench.many_runs import fill_many
from tests.bench.visiting import served, visiting

TARGET_MS = 400
MOST_POINTS = 20_000


def main(runs: int = 20, epochs: int = 200) -> None:
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(home=Path(name) / "home")
        registry = Registry.open(settings.registry_path)
        fill_many(registry, settings, runs, epochs, files=runs)
        chosen = ",".join(run.id for run in registry.runs() if run.test_accuracy is not None)
        registry.close()
        slowest, widest = 0.0, 0
        with served(settings.home, Path(name) / "server.log") as server:
            for view in VIEWS:
                with visiting(server) as visitor:
                    measured = visitor.measure("compare", f"view={view}&runs={chosen}")
                slowest, widest = max(slowest, measured.median), max(widest, *measured.first.points, 0)
                print(f"{view}: {measured}")
    print(f"every view within {TARGET_MS} ms: {'yes' if slowest < TARGET_MS else 'NO'}")
    print(f"no chart above {MOST_POINTS} points: {'yes' if widest <= MOST_POINTS else 'NO'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
