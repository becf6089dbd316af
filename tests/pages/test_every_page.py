"""What all pages have in common."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from core.people.acting import Person, Role
from core.web.parts.frame import ADMINISTRATION, SECTIONS
from tests.factories import fill
from tests.pages.conftest import visit

REPOSITORY = Path(__file__).parents[2]
PAGES = [name for entries in SECTIONS.values() for name, _, _ in entries]
NASTY = "<script>alert(1)</script> :material/home: ![x](http://x/y.png) $x$"


@pytest.mark.parametrize("page", PAGES)
def test_it_opens_in_an_empty_home(bench, page):
    at = visit(page)
    assert not at.exception and at.title


@pytest.mark.parametrize("page", PAGES)
def test_it_opens_in_a_filled_home(filled, page):
    at = visit(page)
    assert not at.exception and not at.error


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ADMINISTRATION])
def test_it_opens_for_a_viewer_and_writes_nothing(filled, page, monkeypatch):
    monkeypatch.setattr("core.people.acting.LOCAL", Person(name="vera", role=Role.VIEWER))
    at = visit(page)
    assert not at.exception and not at.error


@pytest.mark.parametrize("page", PAGES)
def test_nasty_names_stay_text(bench, page):
    done = fill(bench.registry, bench.settings, name=NASTY, class_names=(NASTY, "b"), runs=6)
    for number, run in enumerate(done.runs):
        bench.annotate(run.id, name=f"{NASTY} {number}", notes=NASTY, tags=[NASTY[:25], NASTY[25:]])
    at = visit(page)
    assert not at.exception
    for kind in ("title", "header", "subheader", "markdown", "caption"):
        for element in at.get(kind):
            assert "<script>" not in element.value and ":material/home:" not in element.value
            assert "![x](" not in element.value


@pytest.mark.parametrize("parameter", ["dataset", "run", "runs", "models"])
@pytest.mark.parametrize("page", PAGES)
def test_a_foreign_id_in_the_url_never_breaks_it(filled, page, parameter):
    at = visit(page, **{parameter: "../../../etc/passwd%00"})
    assert not at.exception and at.title


@pytest.mark.parametrize("page", PAGES)
def test_it_is_short_and_never_sends_raw_html(page):
    source = (REPOSITORY / "pages" / f"{page}.py").read_text()
    assert len(source.splitlines()) <= 140
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and hasattr(node.func, "attr")
    }
    assert "html" not in called and "unsafe_allow_html" not in source


def test_no_page_brings_tensorflow(settings):
    code = (
        "import sys\n"
        "import pytest\n"
        "from tests.pages.conftest import discover_no_pages, search_components_once, visit\n"
        "patch = pytest.MonkeyPatch()\n"
        "discover_no_pages(patch)\n"
        "search_components_once(patch)\n"
        f"assert all(not visit(page).exception for page in {PAGES!r})\n"
        "sys.exit(bool({'tensorflow', 'keras', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
