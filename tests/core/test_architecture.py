"""Imports run one way, and the web process and the supervisor never meet TensorFlow."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SOURCES = [path for folder in ("core", "pages") for path in sorted((REPOSITORY / folder).rglob("*.py"))]
SOURCES.append(REPOSITORY / "app.py")

ORDER = [
    "errors", "settings", "text", "files", "datasets", "backbones", "recipes", "runs", "registry", "features", "models",
    "planning", "jobs", "training", "comparison", "charts", "reporting", "workbench", "web", "cli", "__main__",
]  # fmt: skip
RANK = {name: rank for rank, name in enumerate(ORDER)}


STILL_WRONG = {}


def imports_of(path: Path, *, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def noun(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "core" and len(parts) > 1 else None


def module_of(path: Path) -> str:
    return noun(".".join(path.relative_to(REPOSITORY).with_suffix("").parts)) or "__init__"


@pytest.mark.parametrize("path", [p for p in SOURCES if p.parts[-2:] != ("core", "__init__.py")], ids=str)
def test_imports_run_one_way(path):
    if path.is_relative_to(REPOSITORY / "core"):
        own = module_of(path)
        used = {noun(name) for name in imports_of(path)} - {None, own}
        wrong = {name for name in used if RANK[name] >= RANK[own]}
        allowed = STILL_WRONG.get(str(path.relative_to(REPOSITORY)), set())
        assert wrong - allowed == set(), f"{own} must not import {wrong}"


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_only_features_and_training_import_keras(path):
    heavy = {name.split(".")[0] for name in imports_of(path)} & {"keras", "tensorflow"}
    assert not heavy or module_of(path) in ("features", "training")


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_only_the_web_half_imports_streamlit(path):
    web = {name.split(".")[0] for name in imports_of(path)} & {"streamlit", "starlette"}
    assert not web or not path.is_relative_to(REPOSITORY / "core") or module_of(path) == "web"


def test_the_code_base_has_one_broad_except():
    broad = [
        f"{path.relative_to(REPOSITORY)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert len(broad) == 1 and broad[0].startswith("core/training/")


@pytest.mark.parametrize(
    "module", ["core.workbench", "core.jobs.supervisor", "core.cli.queue", "core.web.server.serve"]
)
def test_no_tensorflow_comes_with(module):
    code = f"import sys, {module}; sys.exit(bool({{'tensorflow', 'keras'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, timeout=120).returncode == 0


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_only_files_locks_uses_flock(path):
    assert "fcntl" not in imports_of(path) or path == REPOSITORY / "core" / "files" / "locks.py"


def test_no_workbench_method_only_forwards():
    """Reads go to ``bench.registry``, what only watches a job to ``core.jobs``."""
    forwards = [
        f"{path.name}: {method.name}"
        for path in sorted((REPOSITORY / "core" / "workbench").glob("*.py"))
        for owner in ast.parse(path.read_text()).body
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, ast.FunctionDef) and _only_forwards(method)
    ]
    assert forwards == []


def _only_forwards(method: ast.FunctionDef) -> bool:
    """Whether the body is one call of the registry or of ``core.jobs`` with the method's own arguments."""
    body = [line for line in method.body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return | ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    plain = all(isinstance(one, ast.Name) or ast.unparse(one) in ("self.settings", "self.registry") for one in given)
    target = ast.unparse(call.func)
    adds = {ast.unparse(one) for one in given} >= {"self.settings", "self.registry"}
    return plain and not adds and target.startswith(("self.registry.", "jobs.", "imports."))


NAMES_OF_FILES = {
    "test.npz", "validation.npz", "checkpoints", "alive.lock", "progress.json", "exit.json", "card.json", "model.keras",
    "photo_map.npz", "manifest.json", "supervisor.lock", "supervisor.json", "deletion.lock", "registry.db",
}  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_only_files_home_names_files(path):
    if path != REPOSITORY / "core" / "files" / "home.py":
        tree = ast.walk(ast.parse(path.read_text()))
        named = {str(node.value) for node in tree if isinstance(node, ast.Constant)} & NAMES_OF_FILES
        if path.name == "delete.py":
            named -= {"checkpoints"}  # a word in a sentence
        assert not named, f"core/files/home.py knows where these are: {named}"


PACKAGES = sorted(path.parent.name for path in (REPOSITORY / "core").glob("*/__init__.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_modules_of_a_package_form_no_circle(package):
    """Imports inside functions and for type checking count; an ``__init__`` only collects names."""
    paths = [path for path in (REPOSITORY / "core" / package).rglob("*.py") if path.name != "__init__.py"]
    modules = {".".join(path.relative_to(REPOSITORY).with_suffix("").parts): path for path in paths}
    imports = {}
    for module, path in modules.items():
        used = imports_of(path) | {name.rpartition(".")[0] for name in imports_of(path)}
        imports[module] = used & modules.keys() - {module}
    graphlib.TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle
