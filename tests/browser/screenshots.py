"""Screenshots of every page: ``python -m tests.browser.screenshots OUTDIR [--home HOME|--demo] [--only NAME ...]``.

Without ``--home`` a home with a small generated dataset and runs in all states is used; with ``--demo`` the demo photos
are imported and seven runs of four patterns trained (a few minutes). 1440x900 and 390x844, light and dark.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from core.files.home import registry_file
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings
from core.web.parts.frame import SECTIONS
from tests.browser.conftest import FLAGS, Server, Visit, chromium, end_server, fill_home, start_server, visit_with

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
SLOW_PAGES = {"board": 8000}
"""Milliseconds to wait where something loads after the script has run."""


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
            take_all(server, options.outdir, options.only)
        finally:
            end_server(server)  # a supervisor of the user's home keeps running
    return 0


def train_for_real(home: Path) -> None:
    """Train the fast patterns on two networks, and fine-tune one of them, on the demo photos, by the command line."""
    train = ["train", "--dataset", "demo-photos", "--wait", "--backbone"]
    quick = ["--pattern", "classifier", "standalone_extractor", "integrated_extractor"]
    commands = (
        ["import", "demo"],
        [*train, "efficientnet_lite0", "efficientnet_lite1", *quick],
        [*train, "efficientnet_lite0", "--pattern", "fine_tuning"],
        ["stop"],
    )
    for command in commands:
        environment = os.environ | {"GRAFT_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "core", *command], env=environment, check=True)


def take_all(server: Server, outdir: Path, only: list[str] | None = None) -> None:
    """One picture per page, size and colour scheme: ``runs-wide-dark.png``."""
    paths = addresses(server.settings)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for size in SIZES:
            for scheme in SCHEMES:
                wanted = {n: p for n, p in paths.items() if only is None or f"{n}-{size}-{scheme}" in only}
                _take(browser, server, wanted, size, scheme, outdir)
        browser.close()


def _take(browser: Browser, server: Server, paths: dict[str, str], size: str, scheme: str, outdir: Path) -> None:
    width, height = SIZES[size]
    with browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme) as context:
        visit = visit_with(context, server)
        for name, path in paths.items():
            visit.open(path)
            visit.page.wait_for_timeout(SLOW_PAGES.get(name, 1500))
            visit.page.screenshot(path=outdir / f"{name}-{size}-{scheme}.png")
            print(f"{name}-{size}-{scheme}.png", *_seen(visit), flush=True)


def _seen(visit: Visit) -> list[str]:
    return visit.outside + visit.complaints


def best_of_each_way(finished: Sequence[Run]) -> list[Run]:
    """The most accurate run of every pattern (in a tie the faster one); with a single pattern four runs."""
    ordered = sorted(finished, key=lambda run: (-(run.test_accuracy or 0.0), run.wall_seconds or 0.0))
    best = list({run.recipe.pattern: run for run in reversed(ordered)}.values())
    return best[::-1] if len(best) > 1 else ordered[:4]


def addresses(settings: Settings) -> dict[str, str]:
    """The address of every page, with parameters that make it show results."""
    registry = Registry.open(registry_file(settings))
    finished = [run.id for run in best_of_each_way(registry.runs(status=Status.FINISHED))]
    registry.close()
    names = [name for entries in SECTIONS.values() for name, _, _ in entries]
    paths = {name: "/" if name == "overview" else f"/{name}" for name in names}
    if finished:
        paths |= {"board": f"/board?runs={','.join(finished)}", "compare": f"/compare?runs={','.join(finished)}"}
    return paths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
