"""`report.html`: what a run made, for a person, in one file that needs no server.

figures.py   numbers out of the ledger
checks.py    the quality gate in words
plots.py     histograms, as what an SVG draws
thumbs.py    pictures made small, as data addresses
page.py      all of it put into `page.html.jinja`
"""

from __future__ import annotations

from .page import write_report

__all__ = ["write_report"]
