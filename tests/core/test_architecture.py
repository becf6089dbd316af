"""The rules of the house: where things live, which way imports run, what a name means, what documentation may claim."""

import argparse
import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import core
from core.cli.parser import parser
from core.settings import REPOSITORY

CORE = REPOSITORY / "core"
SOURCES = [path for folder in ("core", "pages") for path in sorted((REPOSITORY / folder).rglob("*.py"))]
SOURCES.append(REPOSITORY / "app.py")
MODULES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path for path in SOURCES
}
DOCUMENTS = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")]
DOCUMENTS += sorted((REPOSITORY / "docs").rglob("*.md"))

ORDER = re.findall(r"^    (\w+) +\S", core.__doc__ or "", flags=re.MULTILINE)
"""The entries of ``core/`` in the order of the imports: read from the map in its docstring."""


ELSEWHERE = dict(
    line.split() for line in (REPOSITORY / "tests" / "tested_elsewhere.txt").read_text().splitlines() if line.strip()
)
"""Modules without a test file in their place, with the file that tests them."""
MOST_ELSEWHERE = 116
"""This number may only fall."""


@pytest.fixture(scope="module", autouse=True)
def forget_sources() -> Iterator[None]:
    """A million nodes, among which every test after these would look for reference cycles."""
    yield
    for cached in (source_of, tree_of, nodes_of, imports_of, named_files, commands):
        cached.cache_clear()


@cache
def source_of(path: Path) -> str:
    return path.read_text()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(source_of(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


@cache
def imports_of(path: Path) -> set[str]:
    """Every module that is imported anywhere in the file, lazily or for type checking too."""
    found = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            dotted = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in dotted}
    return found


def package_of(module: str) -> str:
    """``registry`` of ``core.registry.runs``; "" of ``core`` itself and of what lies outside."""
    parts = module.split(".")
    return parts[1] if parts[0] == "core" and len(parts) > 1 else ""


def packages() -> list[str]:
    """Folders of ``core/`` that hold Python files."""
    return sorted({package_of(module) for module, path in MODULES.items() if path.parent != CORE} - {""})


# --- layout ---


def test_core_holds_what_its_map_says():
    there = {path.stem if path.suffix == ".py" else path.name for path in CORE.iterdir() if path.name != "__pycache__"}
    assert there == {*ORDER, "__init__"}
    assert len(ORDER) == len(set(ORDER))


def test_the_readme_and_the_architecture_page_show_the_map_of_core():
    listed = "\n".join(line.strip() for line in (core.__doc__ or "").splitlines() if re.match(r"    \w+ +\S", line))
    for page in ("README.md", "docs/architecture.md"):
        text = "\n".join(line.strip() for line in (REPOSITORY / page).read_text().splitlines())
        assert listed in text, f"{page} shows another map than core/__init__.py"


def test_imports_run_one_way():
    wrong = {}
    for module in (name for name in MODULES if package_of(name)):
        own = package_of(module)
        used = {package_of(name) for name in imports_of(MODULES[module])} - {"", own}
        wrong[module] = {name for name in used if ORDER.index(name) >= ORDER.index(own)}
    assert {module: names for module, names in wrong.items() if names} == {}, "modules must not import these packages"


@pytest.mark.parametrize("package", packages())
def test_the_files_of_a_package_form_no_circle(package):
    files = {module for module in MODULES if package_of(module) == package}
    graph = {module: (imports_of(MODULES[module]) & files) - {module} for module in files}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", [name for name, path in MODULES.items() if path.name == "__init__.py"])
def test_a_package_hands_on_at_most_ten_names(module):
    names = {
        alias.asname or alias.name
        for node in tree_of(MODULES[module]).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core")
        for alias in node.names
    }
    assert len(names) <= 10, f"{module} re-exports {len(names)} names"


# --- heavy libraries ---


def libraries_of(module: str) -> set[str]:
    """The first names of what a module imports."""
    return {name.split(".")[0] for name in imports_of(MODULES[module])}


def test_four_packages_alone_import_keras():
    heavy = [module for module in MODULES if libraries_of(module) & {"keras", "tensorflow"}]
    allowed = ("features", "training", "explaining", "exports")
    assert heavy and [module for module in heavy if package_of(module) not in allowed] == []


def test_only_the_web_half_imports_streamlit():
    below = [module for module in MODULES if module.startswith("core") and package_of(module) != "web"]
    assert [module for module in below if "streamlit" in libraries_of(module)] == []
    servers = [module for module in below if libraries_of(module) & {"starlette", "fastapi", "mcp"}]
    assert [module for module in servers if package_of(module) != "api"] == []


@pytest.mark.parametrize(
    "module", ["core.workbench", "core.jobs.supervisor", "core.cli.parser", "core.web.server.serve"]
)
def test_no_tensorflow_comes_with(module):
    code = f"import sys, {module}; sys.exit(bool({{'tensorflow', 'keras'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, timeout=120).returncode == 0


# --- one place for each thing ---


def test_the_code_base_has_one_broad_except():
    broad = [
        f"{path.relative_to(REPOSITORY)}:{node.lineno}"
        for path in SOURCES
        for node in nodes_of(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert len(broad) == 1 and broad[0].startswith("core/training/")


def test_a_public_class_name_exists_once():
    places = defaultdict(list)
    for path in SOURCES:
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(REPOSITORY)))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_no_workbench_method_only_forwards():
    """Reads go to ``bench.registry``; what only watches a job, to ``core.jobs``."""
    forwarding = [
        f"{module}.{node.name}"
        for module, path in MODULES.items()
        if package_of(module) == "workbench"
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef) and _only_forwards(node)
    ]
    assert forwarding == []


def _only_forwards(method: ast.FunctionDef) -> bool:
    """Whether the body is one call of the registry or of ``core.jobs`` with the method's own arguments."""
    body = [line for line in method.body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return | ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    plain = all(isinstance(one, ast.Name) or ast.unparse(one) in ("self.settings", "self.registry") for one in given)
    adds = {ast.unparse(one) for one in given} >= {"self.settings", "self.registry"}
    return plain and not adds and ast.unparse(call.func).startswith(("self.registry.", "jobs.", "imports."))


def test_file_locks_are_taken_in_one_module():
    assert [module for module, path in MODULES.items() if "fcntl" in imports_of(path)] == ["core.files.locks"]


NAMES_OF_FILES = {
    "test.npz", "validation.npz", "checkpoints", "alive.lock", "progress.json", "exit.json", "card.json", "model.keras",
    "photo_map.npz", "manifest.json", "supervisor.lock", "supervisor.json", "deletion.lock", "registry.db",
}  # fmt: skip
A_WORD_IN_A_SENTENCE = "core.workbench.delete: checkpoints"


def test_the_files_of_the_home_are_named_in_two_modules():
    named = {
        f"{module}: {node.value}"
        for module, path in MODULES.items()
        if module not in ("core.files.home", "core.files.folders")
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and node.value in NAMES_OF_FILES
    }
    assert named <= {A_WORD_IN_A_SENTENCE}


# --- words ---


def test_every_capitalised_word_of_the_glossary_is_a_class_or_a_module():
    known = {node.name for path in SOURCES for node in nodes_of(path) if isinstance(node, ast.ClassDef)}
    known |= {part.replace("_", " ").capitalize() for module in MODULES for part in module.split(".")[1:]}
    known |= {word.removesuffix("s") for word in known}
    rows = re.findall(r"^\| ([^|]+) \|", (REPOSITORY / "docs" / "glossary.md").read_text(), flags=re.MULTILINE)
    words = [word.strip() for row in rows for word in row.split(",") if word.strip()[:1].isupper()]
    assert words, "the glossary has no words"
    assert [word for word in words if not {word, word.split()[0], "".join(word.title().split())} & known] == []


REPLACED_TERMS = (
    "As it is", "Features + classic", "When sure", "put away", "Time paid", "What will happen", "surest mistake",
    "Only what differs", "Map of photos", "as accurate as", "may be as good", "had the run computed everything itself",
)  # fmt: skip
"""Terms of 0.3.0 that practitioners did not understand; the glossary has the field's."""


def test_no_page_or_message_uses_a_replaced_term():
    strings = {
        f"{path.relative_to(REPOSITORY)}:{node.lineno}: {term}"
        for path in SOURCES
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for term in REPLACED_TERMS
        if term in node.value
    }
    assert strings == set()


# --- documentation that cannot go stale ---


def test_the_options_of_a_select_box_are_text_not_markdown():
    """Streamlit shows them as they are: an escaped name would have backslashes."""
    escaped = [
        f"{path.name}:{call.lineno}"
        for path in SOURCES
        for call in nodes_of(path)
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in ("selectbox", "multiselect")
        for option in call.keywords
        if option.arg == "format_func"
        and any(isinstance(part, ast.Name) and part.id == "plain" for part in ast.walk(option.value))
    ]
    assert escaped == []


def texts() -> Iterator[tuple[str, str]]:
    """(where, text) of every document and every docstring."""
    for path in DOCUMENTS:
        yield str(path.relative_to(REPOSITORY)), path.read_text()
    for path in SOURCES:
        for node in nodes_of(path):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                yield f"{path.relative_to(REPOSITORY)}:{node.lineno}", node.value.value


@cache
def named_files(pattern: str) -> bool:
    return any(REPOSITORY.glob(pattern))


def test_every_path_that_is_named_exists():
    roots = "core|pages|tests|docs|models|requirements"
    missing = set()
    for where, text in texts():
        for name in re.findall(rf"(?<![\w./-])((?:{roots})/[\w./*-]*[\w*/])", text):
            if not (named_files(name.rstrip("/")) or name.startswith("models/")):
                missing.add(f"{where}: {name}")
    assert missing == set()


def test_every_module_that_is_named_exists():
    missing = set()
    for where, text in texts():
        for name in re.findall(r"(?<![\w./-])(core(?:\.\w+)+)", text):
            if not _is_defined(name):
                missing.add(f"{where}: {name}")
    assert missing == set()


def _is_defined(name: str) -> bool:
    """Whether ``core.x.y`` is a module, or ``core.x.y.z`` something that a module defines."""
    module = name
    while module and module not in MODULES:
        module = module.rpartition(".")[0]
    rest = name[len(module) + 1 :].split(".")[0]
    return not rest or re.search(rf"\b{rest}\b", source_of(MODULES[module])) is not None


@cache
def commands() -> dict[str, argparse.ArgumentParser]:
    (verbs,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(verbs.choices)


def test_every_command_that_is_named_exists():
    missing = set()
    for where, text in texts():
        for name in re.findall(r"python -m core ([a-z]+)", text):
            if name not in commands():
                missing.add(f"{where}: python -m core {name}")
        for name in re.findall(r"`make ([a-z-]+)", text):
            if not re.search(rf"^{name}:", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE):
                missing.add(f"{where}: make {name}")
    assert missing == set()


# --- tests and checks ---


def test_every_module_has_its_test_in_its_place():
    without = {
        module
        for module, path in MODULES.items()
        if package_of(module) and path.name not in ("__init__.py", "__main__.py") and "migrations" not in path.parts
        if not any(test.exists() for test in _tests_of(path))
    }
    assert without == set(ELSEWHERE), "add the test, or remove from tests/tested_elsewhere.txt what has one"
    assert [name for name in ELSEWHERE.values() if not (REPOSITORY / name).exists()] == []
    assert len(ELSEWHERE) <= MOST_ELSEWHERE


def _tests_of(path: Path) -> list[Path]:
    """Where the tests of a module may be; in ``tests/keras`` those that need TensorFlow."""
    inner = path.relative_to(CORE).with_name(f"test_{path.name}")
    return [REPOSITORY / "tests" / "core" / inner, REPOSITORY / "tests" / "keras" / inner]


def test_the_checks_run_where_the_tests_run():
    assert "make check test" in (REPOSITORY / ".ci" / "run").read_text()
    settings = (REPOSITORY / "pyproject.toml").read_text()
    for line in ("disallow_untyped_defs = true", "strict_equality = true", "warn_return_any = true"):
        assert line in settings
    assert "min_confidence = 60" in settings


def test_make_test_runs_every_folder_of_tests():
    makefile = (REPOSITORY / "Makefile").read_text()
    folders = {path.relative_to(REPOSITORY).parts[1] for path in (REPOSITORY / "tests").rglob("test_*.py")}
    run = {
        folder for line in re.findall(r"^test-\w+: ;.*$", makefile, re.M) for folder in re.findall(r"tests/(\w+)", line)
    }
    assert folders - {"cluster", "deploy", "slurm"} == run  # `make test-cluster`, `make test-deploy`, `make test-slurm`
