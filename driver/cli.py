"""`stockwright COMMAND …`: the driver's commands under one name."""

from __future__ import annotations

import sys

COMMANDS = ("submit", "avatar", "report", "graph", "models", "embedded", "themes", "modifiers")


def main() -> int:
    name, arguments = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if name == "submit":
        from .submit import main as submit

        return submit(arguments)
    if name == "avatar":
        from .avatar import main as avatar

        return avatar(arguments)
    if name == "report":
        from .report import main as report

        return report(arguments)
    if name == "graph":
        from .graph import main as graph

        return graph(arguments)
    if name == "models":
        from .models import main as models

        return models(arguments)
    if name == "embedded":
        from .embedded import main as embedded

        return embedded(arguments)
    if name == "themes":
        from .themes import main as themes

        return themes(arguments)
    if name == "modifiers":
        from .modifiers import main as modifiers

        return modifiers(arguments)
    asked = name in ("-h", "--help")
    stream = sys.stdout if asked else sys.stderr
    print(f"usage: stockwright {{{','.join(COMMANDS)}}} … (each takes --help)", file=stream)
    return 0 if asked else 2
