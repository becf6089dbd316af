"""All commands; each module of this package defines its own."""

import argparse
from typing import NoReturn

from core.cli import (
    admin,
    alias,
    artifacts,
    backbones,
    backups,
    check,
    collections,
    combine,
    compare,
    datasets,
    delete,
    explain,
    exports,
    features,
    forecasts,
    label,
    learning_curve,
    machines,
    models,
    organise,
    predict,
    queue,
    registry,
    report,
    reproduce,
    runs,
    search,
    shortlist,
    shrink,
    speed,
    tokens,
    train,
    users,
)

DESCRIPTION = "Compare transfer-learning models on your own photos."
MODULES = (
    datasets, check, collections, shortlist, search, learning_curve, label, combine, features, backbones, train,
    reproduce, shrink, queue, machines, runs, forecasts, speed, models, compare, predict, explain, exports, report,
    organise, alias, delete, tokens, users, artifacts, registry, backups, admin,
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line; argparse prints its usage as well."""

    def error(self, message: str) -> NoReturn:
        line = " ".join(message.split())
        self.exit(2, f"{line[0].upper()}{line[1:]}. See: {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """The parser of ``python -m core``; see ``verbs.add_verb`` for what the parsed options carry."""
    parser = _Parser(prog="python -m core", description=DESCRIPTION)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in MODULES:
        module.add_verbs(verbs)
    return parser
