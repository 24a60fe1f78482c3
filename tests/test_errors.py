"""The error tree: one code each, every class raised somewhere, everything raised registered."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

import driver.errors
import stockwright.core.errors
from stockwright.core.errors import StockwrightError

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [*ROOT.glob("driver/**/*.py"), *ROOT.glob("custom_nodes/**/*.py")]
TREES = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
MODULES = (stockwright.core.errors, driver.errors)


def registered() -> dict[str, type[StockwrightError]]:
    found: dict[str, type[StockwrightError]] = {}
    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, StockwrightError):
                found[name] = value
    del found["StockwrightError"]
    return found


def name_of(node: ast.expr | None) -> str | None:
    """`X` of the expressions `X`, `module.X` and `self.X`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def called(node: ast.expr | None) -> str | None:
    return name_of(node.func) if isinstance(node, ast.Call) else None


def raised(trees: Iterable[ast.AST]) -> set[str]:
    """What `raise` calls: classes, functions, and what such functions return by a call."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {called(node.exc) for node in nodes if isinstance(node, ast.Raise)}
    for function in nodes:
        if isinstance(function, ast.FunctionDef) and function.name in names:
            returns = (node for node in ast.walk(function) if isinstance(node, ast.Return))
            names |= {called(node.value) for node in returns}
    return {name for name in names if name}


def derived(trees: Iterable[ast.AST]) -> set[str]:
    """Classes on a registered one or on the root of all."""
    bases = registered().keys() | {StockwrightError.__name__}
    return {
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(name_of(base) in bases for base in node.bases)
    }


def test_every_registered_error_is_raised():
    assert registered().keys() - raised(TREES.values()) == set()


def test_an_error_that_is_only_built_or_named_is_not_raised():
    code = """
def built(): return Built("x")
def down(self): return Down("x")
def use(self):
    log(Logged("x"), Named)
    raise self.down() from Cause("x")
def fail(): raise errors.Failed("x")
"""
    assert raised([ast.parse(code)]) == {"down", "Down", "Failed"}


def test_every_error_class_is_registered():
    homes = {Path(str(module.__file__)).resolve() for module in MODULES}
    assert derived(tree for path, tree in TREES.items() if path.resolve() not in homes) == set()


@pytest.mark.parametrize("base", ["StockwrightError", "JobInvalid", "errors.StockwrightError"])
def test_a_stray_class_is_found(base: str):
    assert derived([ast.parse(f"class Stray({base}): pass")]) == {"Stray"}


def test_codes_are_unique_and_exit_codes_are_those_of_the_readme():
    classes = registered().values()
    assert len({cls.code for cls in classes}) == len(classes)
    assert {cls.exit_code for cls in classes} <= {1, 2, 3}


def test_an_error_says_what_where_and_what_to_do():
    error = StockwrightError("it broke", where="job a1, field seed", hint="Mend it.")
    assert str(error) == "job a1, field seed: it broke [internal]\nMend it."
