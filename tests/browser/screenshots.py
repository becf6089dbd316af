"""Screenshots of every page and view: ``python -m tests.browser.screenshots OUTDIR [--home HOME|--demo]``.

Without ``--home`` a home with a small generated dataset and runs in all states is used; with ``--demo`` the demo photos
are imported and runs of every pattern trained (some minutes). 1440x900 and 390x844, light and dark, each page down to
its end or to ``TALLEST`` pixels. ``--only`` takes some of them; all of them come with a gallery, ``README.md``.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from core.files.home import registry_file
from core.recipes.patterns import Pattern
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings
from core.web.compare.view_list import VIEWS
from core.web.parts.frame import SECTIONS
from tests.browser.conftest import FLAGS, Server, Visit, chromium, end_server, fill_home, start_server, visit_with

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
TALLEST = {"wide": 2000, "phone": 2400}
"""Pixels of a picture."""
SLOW_PAGES = {"board": 8000}
"""Milliseconds to wait where something loads after the script has run."""
QUALITY = 55
"""Of the WebP files: text stays readable at 20 to 60 kB a picture."""
PRESETS = ("quick", "thorough", "overnight", "custom")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--home", type=Path, help="a home to show; it is only read")
    parser.add_argument("--demo", action="store_true", help="real runs on the demo photos")
    parser.add_argument("--only", nargs="+", help="pictures to take, for example compare-wide-light")
    options = parser.parse_args(arguments)
    options.outdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        if options.home is None:
            train_for_real(home) if options.demo else fill_home(home, runs=12)
        server = start_server(home.resolve(), Path(folder) / "server.log")
        try:
            names = take_all(server, options.outdir, options.only)
            if options.only is None:
                (options.outdir / "README.md").write_text(gallery(names), "utf-8")
        finally:
            end_server(server)  # a supervisor of the user's home keeps running
    return 0


def train_for_real(home: Path) -> None:
    """Train the fast patterns on two backbones, fine-tune and combine some, on the demo photos, by the command line."""

    def graft(*command: str) -> None:
        environment = os.environ | {"GRAFT_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "core", *command], env=environment, check=True)

    train = ("train", "--dataset", "demo-photos", "--wait", "--backbone")
    quick = ("--pattern", "classifier", "standalone_extractor", "integrated_extractor")
    graft("import", "demo")
    graft(*train, "efficientnet_lite0", "efficientnet_lite1", *quick)
    graft(*train, "efficientnet_lite0", "--pattern", "integrated_extractor", "--set", "seed=1")
    graft(*train, "efficientnet_lite0", "--pattern", "fine_tuning", "--depth", "1", "2")
    registry = Registry.open(registry_file(Settings(home=home)))
    cheap, *_, dear = sorted(
        (run for run in registry.runs(status=Status.FINISHED) if run.recipe.pattern is not Pattern.CLASSIFIER),
        key=lambda run: run.wall_seconds or 0.0,
    )
    registry.close()
    graft("confidence", cheap.id, dear.id)
    graft("ensemble", cheap.id, dear.id)
    graft("stop")


def take_all(server: Server, outdir: Path, only: list[str] | None = None) -> list[str]:
    """One picture per page or view, size and colour scheme: ``runs-wide-dark.webp``. Returns the pages and views."""
    paths = addresses(server.settings)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for size in SIZES:
            for scheme in SCHEMES:
                wanted = {n: p for n, p in paths.items() if only is None or f"{n}-{size}-{scheme}" in only}
                _take(browser, server, wanted, size, scheme, outdir)
        browser.close()
    return list(paths)


def _take(browser: Browser, server: Server, paths: dict[str, str], size: str, scheme: str, outdir: Path) -> None:
    width, height = SIZES[size]
    with browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme) as context:
        visit = visit_with(context, server)
        for name, path in paths.items():
            visit.open(path)
            visit.page.wait_for_timeout(SLOW_PAGES.get(name, 1500))
            visit.page.set_viewport_size({"width": width, "height": _height(visit.page, size)})
            visit.page.wait_for_timeout(1500)
            picture = Image.open(io.BytesIO(visit.page.screenshot()))
            picture.save(outdir / f"{name}-{size}-{scheme}.webp", quality=QUALITY, method=6)
            visit.page.set_viewport_size({"width": width, "height": height})
            print(f"{name}-{size}-{scheme}.webp", *_seen(visit), flush=True)


def _height(page: Page, size: str) -> int:
    """Pixels that show the whole page: Streamlit scrolls a section, not the document."""
    inside: int = page.evaluate("document.querySelector('[data-testid=\"stMain\"]')?.scrollHeight ?? 0")
    return max(SIZES[size][1], min(inside, TALLEST[size]))


def gallery(names: Sequence[str]) -> str:
    """Markdown with all four pictures of every page and view."""
    lines = ["# Every page and view", "", "Made by `make screenshots` from real runs on the demo photos.", ""]
    combined = [f"{size}-{scheme}" for size in SIZES for scheme in SCHEMES]
    for name in names:
        cells = " | ".join(f"![{name}, {kind.replace('-', ', ')}]({name}-{kind}.webp)" for kind in combined)
        header = " | ".join(kind.replace("-", ", ") for kind in combined)
        lines += [f"## {name}", "", f"| {header} |", f"|{'---|' * len(combined)}", f"| {cells} |", ""]
    return "\n".join(lines)


def _seen(visit: Visit) -> list[str]:
    return visit.outside + visit.complaints


def best_of_each_way(finished: Sequence[Run]) -> list[Run]:
    """The most accurate run of every pattern and cascade (of equals the faster one); of a single one four runs."""
    ordered = sorted(finished, key=lambda run: (-(run.test_accuracy or 0.0), run.wall_seconds or 0.0))
    best = list({(run.recipe.pattern, run.recipe.cascade): run for run in reversed(ordered)}.values())
    return best[::-1] if len(best) > 1 else ordered[:4]


def addresses(settings: Settings) -> dict[str, str]:
    """The address of every page, with parameters that make it show results."""
    registry = Registry.open(registry_file(settings))
    runs, datasets = registry.runs(status=Status.FINISHED), registry.datasets()
    registry.close()
    finished = [run.id for run in best_of_each_way(runs)]
    names = [name for entries in SECTIONS.values() for name, _, _ in entries]
    paths = {name: "/" if name == "overview" else f"/{name}" for name in names}
    paths |= {"backbone": "/backbones?backbone=efficientnet_lite0", "add-backbone": "/backbones?add=hub"}
    if datasets:
        paths |= {"dataset": f"/datasets?dataset={datasets[0].id}"}
        paths |= {"check": f"/datasets?dataset={datasets[0].id}&check=labels", "add-file": "/backbones?add=file"}
        paths |= {f"train-{preset}": f"/train?dataset={datasets[0].id}&start={preset}" for preset in PRESETS}
    if finished:
        chosen = ",".join(finished)
        paths |= {"run": f"/runs?run={finished[0]}", "race": f"/runs?runs={chosen}", "board": f"/board?runs={chosen}"}
        paths |= {f"compare-{view}": f"/compare?runs={chosen}&view={view}" for view in VIEWS}
    return paths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
