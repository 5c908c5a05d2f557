"""The house as built: imports go one way, functions are short, tests are not hollow."""

from __future__ import annotations

import ast
import graphlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "earlywarn"
DESIGN = ROOT / "docs" / "design.md"

BLOCK = DESIGN.read_text(encoding="utf-8").split("```text\n", 1)[1].split("```", 1)[0]
ORDER = re.findall(r"^(\w+)  ", BLOCK, re.MULTILINE)
"""The folders, and the files at the root, as docs/design.md lists them in import order."""

FILES = sorted(path for path in PACKAGE.rglob("*.py"))
TESTS = sorted(Path(__file__).parent.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def dotted(name: str) -> str:
    return ".".join(["earlywarn", *name.removesuffix("__init__").strip("/").split("/")]).rstrip(".")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


TREES = {name_of(path): tree_of(path) for path in FILES}
MODULE_OF = {dotted(name): name for name in TREES}


def imports_of(tree: ast.Module) -> list[tuple[ast.AST, str, str]]:
    """Each import from the package: the node, the module, the name."""
    found: list[tuple[ast.AST, str, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node, a.name, "") for a in node.names if a.name.split(".")[0] == "earlywarn"]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "earlywarn":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                module = whole if whole in MODULE_OF else str(node.module)
                found.append((node, module, "" if module == whole else alias.name))
    return found


def folder_of(name: str) -> str:
    return name.split("/", maxsplit=1)[0]


def test_the_list_names_every_folder_once():
    assert len(set(ORDER)) == len(ORDER)
    assert set(ORDER) == {folder_of(name) for name in TREES}


@pytest.mark.parametrize("name", TREES)
def test_a_module_imports_only_from_folders_before_its_own(name):
    before = set(ORDER[: ORDER.index(folder_of(name)) + 1])
    for node, module, _ in imports_of(TREES[name]):
        assert module in MODULE_OF, f"{name} line {node.lineno}: {module}"  # type: ignore[attr-defined]
        assert folder_of(MODULE_OF[module]) in before, f"{name} imports {module}"


def test_no_circle_within_a_folder():
    ahead = {
        name: {MODULE_OF[module] for _, module, _ in imports_of(tree)} - {name}
        for name, tree in TREES.items()
    }
    order = list(graphlib.TopologicalSorter(ahead).static_order())
    assert len(order) == len(TREES)


COMMAND_LINE = {name for name in TREES if folder_of(name) in {"cli", "__main__"}}


@pytest.mark.parametrize("name", [name for name in TREES if name not in COMMAND_LINE])
def test_nothing_but_the_command_line_imports_the_front_door(name):
    assert "earlywarn" not in [module for _, module, _ in imports_of(TREES[name])]


@pytest.mark.parametrize("name", TREES)
def test_imports_stand_at_the_top_and_are_absolute(name):
    tree = TREES[name]
    inside = {
        node
        for top in ast.walk(tree)
        if isinstance(top, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef))
        for node in ast.walk(top)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert {node.lineno for node in inside} == set()
    relative = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]
    assert relative == []
    kinds = [
        isinstance(node, (ast.Import, ast.ImportFrom)) or is_type_checking(node)
        for node in tree.body[1:]
    ]
    assert kinds == sorted(kinds, reverse=True), "an import below other code"


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@pytest.mark.parametrize("name", TREES)
def test_no_private_name_is_imported(name):
    private = [used for _, _, used in imports_of(TREES[name]) if re.match(r"_[^_]", used)]
    assert private == []


@pytest.mark.parametrize("name", TREES)
def test_every_module_says_what_it_is(name):
    told = ast.get_docstring(TREES[name])
    assert told
    assert len(told.splitlines()[0]) > 15


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_module_is_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


def functions() -> dict[str, int]:
    """Every function and the lines of its body, the docstring not counted."""
    found = {}
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                found[f"{name}.{node.name}:{node.lineno}"] = length
    return found


def test_functions_are_short():
    lengths = functions()
    assert len(lengths) > 300
    assert {name: length for name, length in lengths.items() if length > 60} == {}
    long = {name: length for name, length in lengths.items() if length >= 30}
    assert len(long) <= len(lengths) / 10, long


# --- the tests themselves --------------------------------------------------

CHECKS = {"raises", "warns", "fail", "exec"}


def called(node: ast.AST) -> set[str]:
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return {
        f.attr if isinstance(f, ast.Attribute) else f.id
        for f in calls
        if isinstance(f, (ast.Attribute, ast.Name))
    }


def asserting(tree: ast.Module) -> set[str]:
    """The functions of a module that assert something, by themselves or through another."""
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    good = {n.name for n in nodes if any(isinstance(x, ast.Assert) for x in ast.walk(n))}
    good |= {n.name for n in nodes if called(n) & CHECKS}
    good |= {n.name for n in nodes if any(c.startswith("assert_") for c in called(n))}
    while more := {n.name for n in nodes if called(n) & good} - good:
        good |= more
    return good


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_no_test_is_hollow(path):
    tree = tree_of(path)
    tests = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert tests or not path.name.startswith("test_")
    assert tests - asserting(tree) == set()


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_every_skip_has_a_reason(path):
    for node in ast.walk(tree_of(path)):
        text = ast.unparse(node) if isinstance(node, (ast.Call, ast.Attribute)) else ""
        if not re.match(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b", text):
            continue
        if isinstance(node, ast.Call):
            words = {k.arg: k.value for k in node.keywords}
            first = "skip(" in text or ".xfail(" in text
            reason = words.get("reason") or (node.args[0] if first and node.args else None)
            assert reason is not None, text
            assert ast.unparse(reason).strip("'\" "), text


def test_no_bare_skip_mark():
    found = [
        (path.name, node.lineno)
        for path in TESTS
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        for mark in node.decorator_list
        if ast.unparse(mark) in {"pytest.mark.skip", "pytest.mark.xfail"}
    ]
    assert found == []


def test_there_are_tests_and_modules_to_look_at():
    assert len(TESTS) > 10
    assert len(FILES) > 30
