"""Screenshots of every page and view: ``python -m tests.browser.screenshots OUTDIR [--home HOME|--demo]``.

Without ``--home`` a home with a small generated dataset and runs in all states is used; with ``--demo`` the demo photos
are imported, runs of every pattern trained, and states that pass are made (some minutes). 1440x900 and 390x844, light
and dark, each page down to its end or to ``TALLEST`` pixels. ``--only`` takes some of them; all of them come with a
gallery, ``README.md``.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, sync_playwright

from core.datasets import DEMO_ARCHIVE
from core.files.home import dataset_folder, registry_file
from core.jobs import background_tables
from core.jobs.background import UNFINISHED
from core.people.acting import Role
from core.recipes.patterns import Pattern
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings
from core.web.compare.view_list import VIEWS
from core.web.parts.frame import PAGES, SECTIONS
from core.web.server.visits import COOKIE
from tests.browser.conftest import (
    FAKE_CAMERA,
    FLAGS,
    Server,
    Visit,
    chromium,
    end_server,
    fill_home,
    start_server,
    stop_server,
    visit_with,
)
from tests.browser.states import TITLES as STATES
from tests.browser.states import take_states
from tests.browser.steps import STEPS
from tests.hub_server import LocalHub
from tests.tiny_hub import token_files

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
TALLEST = {"wide": 2000, "phone": 2400}
"""Pixels of a picture."""
TALLER = {f"compare-{view}": {"wide": 2600, "phone": 2400} for view in VIEWS if view != next(iter(VIEWS))}
"""Of those that show what stands below the leaderboard; the first one is also in the README."""
SLOW_PAGES = {"board": 12_000}
"""Milliseconds to wait where something loads after the script has run."""
QUALITY = 55
"""Of the WebP files: text stays readable at 20 to 60 kB a picture."""
HUB_MODEL, LOCAL = "graft/tiny-dino", "127.0.0.1,localhost"
PRESETS = ("quick", "thorough", "overnight", "custom")
REFUSED = "try=efficientnet_lite0.if~mobilenet_v1.f&f.epochs=3&f.head_epochs=5&size=efficientnet_lite0.own~20"
"""Of the page Train: a head's warm-up that is longer than the training, and an input size that no network takes."""
LABELLED = "to-label"
"""The dataset with photos without a class."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--home", type=Path, help="a home to show; it is only read")
    parser.add_argument("--demo", action="store_true", help="real runs on the demo photos")
    parser.add_argument("--only", nargs="+", help="pictures to take, for example compare-wide-light")
    options = parser.parse_args(arguments)
    if unknown := [one for one in options.only or () if one not in pictures()]:
        parser.error(f"no picture is called {', '.join(unknown)}. There are {', '.join(sorted(pictures()))}")
    options.outdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        if options.home is None:
            train_for_real(home) if options.demo else fill_home(home, runs=12)
        camera = film(Path(folder) / "camera.mjpeg")
        with hub_with_one_model() as hub:
            server = start_server(home.resolve(), Path(folder) / "server.log", GRAFT_HUB_URL=hub.url, no_proxy=LOCAL)
            try:
                paths = addresses(server.settings)
                paths |= {name: paths[page] for name, page in SAME_ADDRESS.items() if "take-home" in paths}
                names = take_all(server, paths, options.outdir, options.only, camera=camera)
            finally:
                end_server(server)  # a supervisor of the user's home keeps running
        server = start_server(Path(folder) / "empty", Path(folder) / "empty.log")
        try:
            names += take_all(server, {"first-start": "/"}, options.outdir, options.only)
        finally:
            stop_server(server)
        if options.demo:
            take = partial(take_all, outdir=options.outdir, only=options.only)
            names += take_states(Path(folder) / "states", take, options.only)
        secret = fill_accounts(Path(folder) / "accounts")
        server = start_server(Path(folder) / "accounts", Path(folder) / "accounts.log", GRAFT_LOGIN="required")
        try:
            names += take_all(server, {"sign-in": "/login"}, options.outdir, options.only)
            names += take_all(server, SIGNED_IN, options.outdir, options.only, secret)
        finally:
            end_server(server)
        if missing := [one for one in options.only or () if one.rsplit("-", 2)[0] not in names]:
            sys.exit(f"This home has nothing to show on {', '.join(missing)}; --demo makes what all pictures show.")
        if options.only is None:
            (options.outdir / "README.md").write_text(gallery(names), "utf-8")
    return 0


def train_for_real(home: Path) -> None:
    """Train the fast patterns on two backbones, fine-tune and combine some, on the demo photos, by the command line."""

    def graft(*command: str) -> None:
        environment = os.environ | {"GRAFT_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "core", *command], env=environment, check=True)

    train = ("train", "--dataset", "demo-photos", "--wait", "--backbone")
    quick = ("--pattern", "classifier", "standalone_extractor", "integrated_extractor")
    photos, unlabelled = part_of_the_demo(home.parent)
    graft("import", str(photos), "--name", LABELLED)
    graft("label", "add", LABELLED, str(unlabelled), "--flat")
    graft("label", "next", LABELLED, "--model", "none")
    graft("check", LABELLED)
    graft("import", "demo")
    graft(*train, "efficientnet_lite0", "efficientnet_lite1", *quick)
    graft(*train, "efficientnet_lite0", "--pattern", "integrated_extractor", "--set", "seed=1")
    graft(*train, "efficientnet_lite0", "--pattern", "fine_tuning", "--depth", "1", "2")
    registry = Registry.open(registry_file(Settings(home=home)))
    cheap, *_, dear = sorted(
        (run for run in registry.runs(status=Status.FINISHED) if run.recipe.pattern is not Pattern.CLASSIFIER),
        key=lambda run: run.wall_seconds or 0.0,
    )
    graft("confidence", cheap.id, dear.id)
    graft("ensemble", cheap.id, dear.id)
    predict_a_table(Settings(home=home), registry, unlabelled, (cheap.id, dear.id))
    registry.close()
    for about in ("check", "shortlist", "learning-curve"):
        graft(about, "demo-photos")
    graft("stop")


def predict_a_table(settings: Settings, registry: Registry, photos: Path, run_ids: Sequence[str]) -> None:
    """Have two models predict an archive of photos, as the page Predict does, and wait for the table."""
    table_id = background_tables.start_table(photos, run_ids, settings=settings, registry=registry)
    while any(one.id == table_id and one.state in UNFINISHED for one in background_tables.tables(settings)):
        time.sleep(0.5)


def film(path: Path, seconds: int = 1) -> Path:
    """What a camera would send: a demo photo, as frames of a video."""
    with zipfile.ZipFile(DEMO_ARCHIVE) as demo:
        name = next(name for name in sorted(demo.namelist()) if name.endswith(".jpg"))
        photo = ImageOps.fit(Image.open(io.BytesIO(demo.read(name))).convert("RGB"), (320, 240))
    frame = io.BytesIO()
    photo.save(frame, "JPEG")
    path.write_bytes(frame.getvalue() * 30 * seconds)
    return path


@contextmanager
def hub_with_one_model() -> Iterator[LocalHub]:
    """A hub on this machine; its model is tiny and random."""
    with LocalHub() as hub:
        hub.add(HUB_MODEL, token_files("dinov2"), card={"license": "cc-by-nc-4.0", "datasets": ["imagenet-1k"]})
        yield hub


def part_of_the_demo(folder: Path, photos: int = 16, unlabelled: int = 3) -> tuple[Path, Path]:
    """Archives of the first demo photos of every class, and of the next ones without their class.

    So that a check of the photos finds something, three of the first archive have a wrong class, and one stands there
    a second time, a little smaller.
    """
    paths = folder / "part.zip", folder / "unlabelled.zip"
    with (
        zipfile.ZipFile(DEMO_ARCHIVE) as demo,
        zipfile.ZipFile(paths[0], "w") as some,
        zipfile.ZipFile(paths[1], "w") as rest,
    ):
        classes: dict[str, list[str]] = {}
        for name in demo.namelist():
            if name.endswith(".jpg"):
                classes.setdefault(Path(name).parent.name, []).append(name)
        others = [*list(classes)[1:], next(iter(classes))]
        for place, (class_name, names) in enumerate(classes.items()):
            for number, name in enumerate(names[:photos]):
                wrong = number == 0 and place < 3
                some.writestr(f"{others[place] if wrong else class_name}/{Path(name).name}", demo.read(name))
            if place == 0:
                some.writestr(f"{class_name}/smaller.jpg", smaller(demo.read(names[1])))
            for name in names[photos : photos + unlabelled]:
                rest.writestr(Path(name).name, demo.read(name))
    return paths


def smaller(jpeg: bytes) -> bytes:
    """A photo with nine tenths of the pixels in each direction."""
    photo, content = Image.open(io.BytesIO(jpeg)).convert("RGB"), io.BytesIO()
    photo.resize((photo.width * 9 // 10, photo.height * 9 // 10)).save(content, "JPEG", quality=85)
    return content.getvalue()


def fill_accounts(home: Path) -> str:
    """A home with accounts, one of which is signed in; the secret of its session."""
    fill_home(home, runs=3)
    registry = Registry.open(registry_file(Settings(home=home)))
    for name, role in (("ada", Role.ADMIN), ("tom", Role.TRAINER), ("vera", Role.VIEWER)):
        registry.add_user(name, str(role))
        registry.store_password(name, "not a hash, so nobody can sign in by it")
    registry.add_user("anna", str(Role.TRAINER))
    browsers = ("Mozilla/5.0 (X11; Linux x86_64; rv:1) Firefox/1", "Mozilla/5.0 (Windows NT 10.0) Chrome/1 Safari/1")
    _, secret = registry.open_session("ada", address="127.0.0.1", agent=browsers[0], how="password")
    for name, address in (("ada", "192.0.2.7"), ("tom", "192.0.2.14")):
        registry.open_session(name, address=address, agent=browsers[1], how="password")
    registry.close()
    return secret


SIGNED_IN = {"account": "/account", "second-factor": "/second-factor", "people": "/people", "audit": "/audit"}
"""Pages of a server with accounts."""


def take_all(
    server: Server,
    paths: Mapping[str, str],
    outdir: Path,
    only: Sequence[str] | None = None,
    secret: str = "",
    camera: Path | None = None,
) -> list[str]:
    """One picture per page or view, size and colour scheme: ``runs-wide-dark.webp``. Returns the pages and views.

    Args:
        paths: their addresses. secret: of the session of who is signed in; "" for nobody.
        camera: a film that the camera of the browser shows.
    """
    flags = [*FLAGS, *FAKE_CAMERA, *([f"--use-file-for-fake-video-capture={camera}"] if camera else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        for size in SIZES:
            for scheme in SCHEMES:
                wanted = {n: p for n, p in paths.items() if only is None or f"{n}-{size}-{scheme}" in only}
                _take(browser, server, wanted, size, scheme, outdir, secret)
        browser.close()
    return list(paths)


def _take(
    browser: Browser, server: Server, paths: Mapping[str, str], size: str, scheme: str, outdir: Path, secret: str
) -> None:
    width, height = SIZES[size]
    with browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme) as context:
        if secret:
            context.add_cookies([{"name": COOKIE, "value": secret, "url": server.url}])
        visit = visit_with(context, server)
        for name, path in paths.items():
            if path in PLAIN:
                visit.page.goto(server.url + path)
            else:
                visit.open(path)
            if name in STEPS:
                STEPS[name](visit)
            visit.page.wait_for_timeout(SLOW_PAGES.get(name, 1500))
            visit.page.evaluate("document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)")
            for _ in range(2):  # what the larger window shows may make the page longer
                visit.page.set_viewport_size({"width": width, "height": _height(visit.page, name, size)})
                visit.page.wait_for_timeout(SLOW_PAGES.get(name, 4500) // 3)
            if name.startswith("compare-") and size == "phone":  # what is above the view is in the picture of the page
                visit.page.locator(".st-key-compare-view").evaluate("element => element.scrollIntoView()")
                visit.page.wait_for_timeout(1500)
            picture = Image.open(io.BytesIO(visit.page.screenshot()))
            picture.save(outdir / f"{name}-{size}-{scheme}.webp", quality=QUALITY, method=6)
            visit.page.set_viewport_size({"width": width, "height": height})
            print(f"{name}-{size}-{scheme}.webp", *_seen(visit), flush=True)


PLAIN = ("/login", "/account", "/second-factor")
"""Pages outside of Streamlit."""


SAME_ADDRESS = {"predict-heat-map": "predict", "compare-text": "compare"}
"""Further pictures of a page: their address."""


def _height(page: Page, name: str, size: str) -> int:
    """Pixels that show the whole page: Streamlit scrolls a section, not the document."""
    section = "document.querySelector('[data-testid=\"stMain\"]') ?? document.documentElement"
    inside: int = page.evaluate(f"({section}).scrollHeight")
    return max(SIZES[size][1], min(inside, TALLER.get(name, TALLEST)[size]))


TITLES = (
    {name: title for name, (title, _) in PAGES.items()}
    | {f"compare-{name}": f"Compare: {view.title}" for name, view in VIEWS.items()}
    | {f"train-{preset}": f"Train: {'Customise' if preset == 'custom' else preset.capitalize()}" for preset in PRESETS}
    | {
        "backbone": "A backbone",
        "add-backbone": "Add a backbone: Hugging Face Hub",
        "add-found": "Add a backbone: a model that was looked up",
        "add-file": "Add a backbone: own file",
        "import": "Datasets: Import photos",
        "dataset": "A dataset",
        "check": "Check photos",
        "label": "Label photos",
        "train-refused": "Train: Customise, with refused runs",
        "train-advice": "Train: advice before training",
        "run": "A run",
        "race": "Runs: a launch",
        "take-home": "Models: Take it home",
        "predict-photos": "Predict: test photos",
        "predict-camera": "Predict: Camera",
        "predict-table": "Predict: Many photos",
        "predict-heat-map": "Predict: a heat map",
        "compare-text": "Compare with tables as text",
        "first-start": "Overview at the first start",
        "sign-in": "Sign in",
        "account": "Account",
        "second-factor": "Second factor",
    }
)
"""Of the pictures, as the pages are called, but for those of ``states``."""


def pictures() -> set[str]:
    """The names of all pictures: ``compare-wide-light``."""
    return {f"{name}-{size}-{scheme}" for name in TITLES | STATES for size in SIZES for scheme in SCHEMES}


def gallery(names: Sequence[str]) -> str:
    """Markdown with all four pictures of every page and view."""
    lines = ["# Every page and view", "", "Made by `make screenshots` from real runs on the demo photos.", ""]
    combined = [f"{size}-{scheme}" for size in SIZES for scheme in SCHEMES]
    for name in names:
        cells = " | ".join(f"![{name}, {kind.replace('-', ', ')}]({name}-{kind}.webp)" for kind in combined)
        header = " | ".join(kind.replace("-", ", ") for kind in combined)
        lines += [
            f"## {(TITLES | STATES)[name]}",
            "",
            f"| {header} |",
            f"|{'---|' * len(combined)}",
            f"| {cells} |",
            "",
        ]
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
    paths = {name: path for name, path in paths.items() if name not in SIGNED_IN}
    paths |= {"backbone": "/backbones?backbone=efficientnet_lite0", "add-backbone": "/backbones?add=hub"}
    paths |= {"add-found": f"/backbones?add={HUB_MODEL}", "import": "/datasets"}
    labelled = [one.id for one in datasets if dataset_folder(settings, one.id).pool.is_dir()]
    if labelled:
        paths |= {"label": f"/datasets?dataset={labelled[0]}&label=next"}
    if datasets:
        paths |= {"dataset": f"/datasets?dataset={datasets[0].id}"}
        checked = [*labelled, datasets[0].id][0]
        paths |= {"check": f"/datasets?dataset={checked}&check=labels", "add-file": "/backbones?add=file"}
        paths |= {f"train-{preset}": f"/train?dataset={datasets[0].id}&start={preset}" for preset in PRESETS}
        paths |= {"train-refused": f"/train?dataset={datasets[0].id}&start=custom&{REFUSED}"}
        paths |= {"train-advice": f"/train?dataset={datasets[0].id}&start=quick"}
    if finished:
        chosen = ",".join(finished)
        trained = next((run.id for run in best_of_each_way(runs) if run.epochs_done), finished[0])
        paths |= {"run": f"/runs?run={trained}", "race": f"/runs?runs={chosen}", "board": f"/board?runs={chosen}"}
        paths |= {"take-home": "/models", "predict-photos": "/predict"}
        paths |= {"predict-camera": "/predict", "predict-table": f"/predict?models={','.join(finished[:2])}"}
        paths |= {f"compare-{view}": f"/compare?runs={chosen}&view={view}" for view in VIEWS}
        for view in ("pairs", "confusion"):  # the two runs that differ most
            paths[f"compare-{view}"] += f"&a={finished[0]}&b={finished[-1]}"
        paths["compare-map"] += f"&a={finished[-1]}"
    return paths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
