"""The error tree: one code each, every class raised somewhere, everything raised registered."""

from __future__ import annotations

import ast
from pathlib import Path

import driver.errors
import stockwright.core.errors
from stockwright.core.errors import StockwrightError

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [*ROOT.glob("driver/**/*.py"), *ROOT.glob("custom_nodes/**/*.py")]


def registered() -> dict[str, type[StockwrightError]]:
    found: dict[str, type[StockwrightError]] = {}
    for module in (stockwright.core.errors, driver.errors):
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, StockwrightError):
                found[name] = value
    del found["StockwrightError"]
    return found


def raised() -> set[str]:
    """Names of all classes that are called in a `raise`, or built to be raised by a caller."""
    names: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names.add(node.func.id)
    return names


def test_every_registered_error_is_raised():
    assert registered().keys() - raised() == set()


def test_every_error_class_is_registered():
    defined = {
        node.name
        for path in SOURCES
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in registered() for base in node.bases)
    }
    assert defined == set()


def test_codes_are_unique_and_exit_codes_are_those_of_the_readme():
    classes = registered().values()
    assert len({cls.code for cls in classes}) == len(classes)
    assert {cls.exit_code for cls in classes} <= {1, 2, 3}


def test_an_error_says_what_where_and_what_to_do():
    error = StockwrightError("it broke", where="job a1, field seed", hint="Mend it.")
    assert str(error) == "job a1, field seed: it broke [internal]\nMend it."
