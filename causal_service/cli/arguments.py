"""The words of the command line: verbs and options, checked, with the nearest known word for every wrong one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from causal_service.cli.language import LANGUAGES
from causal_service.errors import CallError, Text, UnknownName, nearest

__all__ = ["FORMATS", "METHODS", "SCOPES", "VERBS", "one_of", "parsed"]

FORMATS = ("html",)
"""Formats of ``report``."""
SCOPES = ("read", "submit", "admin")
"""What a key may do, as ``service.state.keys`` has them (which is heavy to import)."""
METHODS = ("boss", "pc", "ges", "fci")
"""Search methods, as ``discovery.discover`` has them (which is heavy to import)."""


@dataclass(frozen=True, slots=True)
class _Verb:
    """What a verb does and takes."""

    meaning: str
    takes: tuple[str, str] | None
    """Name and meaning of its positional argument."""
    options: tuple[str, ...]


_DATA = (
    "--entity", "--period", "--dictionary", "--outcome", "--lever", "--lags", "--horizon", "--resamples", "--seed",
    "--weight", "--segment", "--knowledge", "--method", "--threads", "--stream", "--scheduler",
)  # fmt: skip
_ALONG = ("--moderator", "--moderation-learner")
_PANEL = ("PANEL", "CSV, Parquet or Excel, .gz allowed, long or wide; several files are joined on entity and period")
VERBS = {
    "demo": _Verb("the main job on the bundled example, beside its known truth", None, ("--out", "--lang", "--debug")),
    "check": _Verb(
        "what is wrong with a panel and what to do about it", _PANEL, (*_DATA, "--json", "--lang", "--debug")
    ),
    "study": _Verb(
        "from a panel to ranked, explained levers",
        _PANEL,
        (*_DATA, "--rehearse", "--crosscheck", *_ALONG, "--json", "--out", "--lang", "--debug"),
    ),
    "report": _Verb(
        "a report from a stored study",
        ("STUDY.json", "written by 'study --out'"),
        ("--format", "--out", "--lang", "--debug"),
    ),
    "whatif": _Verb(
        "what follows when levers are moved, from a stored study",
        ("STUDY.json", "written by 'study --out'"),
        (
            "--move",
            "--set",
            "--reach",
            "--horizon",
            "--panel",
            "--entity-name",
            "--period-name",
            "--kept",
            "--dictionary",
            "--json",
            "--lang",
            "--debug",
        ),
    ),
    "serve": _Verb("the API and the page, with a worker", None, ("--host", "--port", "--data", "--lang", "--debug")),
    "worker": _Verb("a further worker for the studies of the API", None, ("--data", "--lang", "--debug")),
    "apikey": _Verb(
        "make, list and revoke the keys of a workspace",
        ("ACTION", "create, list or revoke"),
        ("--workspace", "--label", "--scope", "--days", "--key", "--json", "--data", "--lang", "--debug"),
    ),
}
_OUT_HELP = {
    "demo": "folder for report.html, study.json, graph.svg, levers.csv and effects.csv (default: demo)",
    "study": "folder for study.json, report.html, graph.svg, levers.csv and effects.csv",
    "report": "file to write (default: standard output)",
}
_EXIT_CODES = "Exit codes: 0 done, 1 the data failed a check, 2 wrong call, 3 internal error."


class _Parser(argparse.ArgumentParser):
    """A parser that raises our errors instead of printing its own."""

    def error(self, message: str) -> NoReturn:
        raise CallError(
            "wrong-option",
            Text(f"命令行有误：{message}。", f"{message[:1].upper()}{message[1:]}."),
            Text(f"用法见 {self.prog} --help。", f"See {self.prog} --help."),
        )


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line, with ``verb`` among them.

    Raises
    ------
    CallError : a verb, option or value that does not exist or is missing.
    SystemExit : ``--help`` or ``--version`` was asked for and printed.
    """
    if not words or words[0].startswith("-"):
        _overview().parse_known_args(words)
        raise CallError(
            "no-verb",
            Text("没有给出命令。", "No verb was given."),
            Text(
                f"可用的命令：{'、'.join(VERBS)}；说明见 causal-service --help。",
                f"Verbs: {', '.join(VERBS)}; causal-service --help explains them.",
            ),
        )
    verb = words[0]
    if verb not in VERBS:
        raise _unknown("unknown-verb", Text("命令", "verb"), verb, VERBS)
    options, rest = _parser(verb).parse_known_intermixed_args(words[1:])
    if rest and rest[0].startswith("-"):
        raise _unknown("unknown-option", Text("选项", "option"), rest[0].partition("=")[0], VERBS[verb].options)
    if rest:
        raise CallError(
            "unexpected-word",
            Text(f"命令 {verb} 不需要“{rest[0]}”。", f"'{rest[0]}' is not expected by {verb}."),
            Text(f"用法见 causal-service {verb} --help。", f"See causal-service {verb} --help."),
        )
    options.verb = verb
    return options


def _overview() -> _Parser:
    from importlib.metadata import version

    listed = "\n".join(f"  {name:8s} {verb.meaning}" for name, verb in VERBS.items())
    parser = _Parser(
        "causal-service",
        usage="causal-service VERB [options]",
        description="From an indicator panel to ranked, explained growth levers.",
        epilog=f"verbs:\n{listed}\n\n'causal-service VERB --help' explains a verb.\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"causal-service {version('causal-service')}")
    return parser


def _parser(name: str) -> _Parser:
    verb = VERBS[name]
    usage = " ".join(["causal-service", name, *([] if verb.takes is None else [verb.takes[0]]), "[options]"])
    parser = _Parser(
        f"causal-service {name}",
        usage=usage.replace("PANEL", "PANEL..."),
        description=f"{verb.meaning[:1].upper()}{verb.meaning[1:]}.",
        epilog=_EXIT_CODES,
        allow_abbrev=False,
    )
    if verb.takes is not None:
        several = "*" if name in ("check", "study") else "?"
        parser.add_argument("source", nargs=several, metavar=verb.takes[0], help=verb.takes[1])
    settings = _settings(name)
    for option in verb.options:
        parser.add_argument(option, **settings[option])
    return parser


def _settings(verb: str) -> dict[str, dict[str, Any]]:
    """Return what argparse must know about every option of ``verb``."""
    several: dict[str, Any] = {"metavar": "NAME", "action": "append", "default": []}
    return {
        "--entity": {"metavar": "COL", "help": "column of plants, stores, …"},
        "--period": {
            "metavar": "COL",
            "help": "column of months, quarters, …; without it the data are a cross-section",
        },
        "--dictionary": {"metavar": "FILE", "help": "what the indicators mean (YAML, CSV or Excel)"},
        "--outcome": several | {"help": "indicator to be improved; repeatable"},
        "--lever": several | {"help": "indicator to consider; repeatable (default: the controllable ones)"},
        "--lags": {
            "metavar": "L",
            "type": _integer("--lags", "auto"),
            "default": 1,
            "help": "periods of memory, or auto (default: 1)",
        },
        "--horizon": _whole("--horizon", "H", None, "last period looked at (default: the study's)")
        if verb == "whatif"
        else _whole("--horizon", "H", 3, "periods ahead at which effects are read (default: 3)"),
        "--move": {
            "metavar": "NAME=AMOUNT",
            "action": "append",
            "default": [],
            "help": "lever and how far: -10%% (of its latest level) or +2 (its unit), with @1 or @1..3 for first and "
            "last period; repeatable",
        },
        "--set": {
            "metavar": "NAME=LEVEL",
            "action": "append",
            "default": [],
            "help": "lever and the level it is moved to, in its unit; repeatable",
        },
        "--panel": several
        | {"metavar": "FILE", "help": "the panel studied: what would have been, for one of its entities; repeatable"},
        "--entity-name": {"metavar": "NAME", "help": "with --panel: which entity (default: the only one)"},
        "--period-name": {"metavar": "NAME", "help": "with --panel: which period (default: its last)"},
        "--kept": {"action": "store_true", "help": "with --panel: levers stay moved in the periods after"},
        "--reach": {
            "metavar": "NAME=LEVEL",
            "help": "the other way round: what must move for this outcome to reach this level",
        },
        "--resamples": _whole("--resamples", "B", 200, "number of resamples (default: 200)"),
        "--seed": _whole("--seed", "S", 0, "seed of all random numbers (default: 0)"),
        "--weight": {"metavar": "COL", "help": "column with the number of observations behind a row"},
        "--segment": {"metavar": "COL", "help": "column with the group of each entity; effects by group are told too"},
        "--knowledge": {"metavar": "FILE", "help": "further required and forbidden arrows (YAML)"},
        "--method": {
            "metavar": "NAME",
            "type": one_of("--method", METHODS),
            "default": "boss",
            "help": f"search method: {', '.join(METHODS)} (default: boss)",
        },
        "--threads": _whole(
            "--threads", "N", None, "worker threads; the result does not depend on them (default: all cores)"
        ),
        "--rehearse": _whole(
            "--rehearse", "N", 0, "try the whole plan on N simulated twins of the panel; takes minutes (default: 0)"
        ),
        "--crosscheck": {
            "action": "store_true",
            "help": "ask DoWhy for a second opinion on identification and refutations (some 20 s)",
        },
        "--moderator": {
            "metavar": "NAME",
            "help": "indicator along which effects of levers to act on or to test are followed, through EconML",
        },
        "--moderation-learner": {
            "metavar": "NAME",
            "type": one_of("--moderation-learner", ("linear", "forest")),
            "default": "linear",
            "help": "with --moderator: linear (a straight line) or forest (any shape) (default: linear)",
        },
        "--stream": {
            "metavar": "WHEN",
            "type": one_of("--stream", ("auto", "yes", "no")),
            "default": "auto",
            "help": "read Parquet in pieces instead of into memory: auto (when large or a folder), yes or no",
        },
        "--scheduler": {
            "metavar": "ADDRESS",
            "help": "Dask scheduler (tcp://host:8786) whose workers do the work; the result does not depend on it",
        },
        "--json": {"action": "store_true", "help": "print the result as JSON and nothing else"},
        "--out": {
            "metavar": "FILE" if verb == "report" else "DIR",
            "default": "demo" if verb == "demo" else None,
            "help": _OUT_HELP.get(verb),
        },
        "--format": {
            "metavar": "NAME",
            "type": one_of("--format", FORMATS),
            "default": "html",
            "help": f"{' or '.join(FORMATS)} (default: html)",
        },
        "--lang": {
            "metavar": "zh|en",
            "type": one_of("--lang", LANGUAGES),
            "help": "language of tables, report and messages (default: the machine's, else en)",
        },
        "--host": {"metavar": "HOST", "help": "address to bind (default: 127.0.0.1)"},
        "--port": _whole("--port", "N", None, "port to bind (default: 8000; 0 picks a free one)"),
        "--data": {"metavar": "DIR", "help": "folder of database and files (default: causal-data)"},
        "--workspace": {"metavar": "NAME", "help": "whose keys; create makes a workspace that is new"},
        "--label": {"metavar": "TEXT", "default": "", "help": "what the key is for"},
        "--scope": {
            "metavar": "NAME",
            "type": one_of("--scope", SCOPES),
            "default": "submit",
            "help": f"{', '.join(SCOPES)}; each includes those before it (default: submit)",
        },
        "--days": _whole("--days", "N", None, "days until the key expires (default: never)"),
        "--key": {"metavar": "ID", "help": "the key to revoke"},
        "--debug": {"action": "store_true", "help": "show the traceback of an error"},
    }


def _whole(option: str, metavar: str, default: int | None, meaning: str) -> dict[str, Any]:
    return {"metavar": metavar, "type": _integer(option), "default": default, "help": meaning}


def _integer(option: str, word: str | None = None) -> Callable[[str], int | str]:
    """Return a reader of whole numbers that also lets ``word`` pass."""

    def read(text: str) -> int | str:
        try:
            return text if text == word else int(text)
        except ValueError:
            wanted = Text("整数" + (f"或 {word}" if word else ""), "a whole number" + (f" or {word}" if word else ""))
            raise _wrong_value(option, text, Text(f"请给出{wanted.zh}。", f"Give {wanted.en}.")) from None

    return read


def one_of(option: str, known: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of words among ``known``; it raises ``CallError`` with the nearest for others."""

    def read(text: str) -> str:
        if text not in known:
            raise _wrong_value(option, text, _offer(text, known))
        return text

    return read


def _wrong_value(option: str, value: str, remedy: Text) -> CallError:
    what = Text(f"选项 {option} 不能是“{value}”。", f"Option {option} cannot be '{value}'.")
    return CallError("wrong-value", what, remedy, {"option": option, "value": value})


def _unknown(code: str, role: Text, word: str, known: Iterable[str]) -> UnknownName:
    names = list(known)
    what = Text(f"没有这个{role.zh}：“{word}”。", f"There is no {role.en} '{word}'.")
    return UnknownName(code, what, _offer(word, names), {"value": word, "nearest": list(nearest(word, names))})


def _offer(word: str, known: Sequence[str]) -> Text:
    close = nearest(word, known)
    names = close or known
    return Text(
        f"{'最接近的' if close else '可用的'}：{'、'.join(names)}。",
        f"{'Nearest' if close else 'Known'}: {', '.join(names)}.",
    )
