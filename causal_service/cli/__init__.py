"""The shell face: ``causal-service VERB …``.

Results go to stdout and nothing else does; progress, notes and errors go to stderr. Exit codes: 0 done, 1 the data
failed a check, 2 wrong call, 3 internal error (130 interrupted, 141 the reader of a pipe went away, 143 ended by
SIGTERM). An error is one line what and one line remedy in the language of ``--lang``. Everything heavy is imported
inside the verbs.
"""

from __future__ import annotations

import signal
import sys
import threading
import traceback
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from causal_service.cli.arguments import parsed
from causal_service.cli.language import language_of
from causal_service.cli.streams import drop_output, prepare_streams, tell
from causal_service.errors import CausalServiceError, DataError, Text

__all__ = ["main"]

DONE, DATA_FAILED, WRONG_CALL, INTERNAL, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141
ENDED = 143

_INTERRUPTED = Text("已中断，没有写入任何文件。", "Interrupted; no file was written.")
_INTERNAL = Text("内部错误：{kind}：{detail}", "Internal error: {kind}: {detail}")
_REPORT_IT = Text(
    "这是程序的缺陷。请加上 --debug 重新运行，并附上输出反馈给开发者。",
    "This is a defect of the program. Run it again with --debug and send the output to its developers.",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the one this process was called with) and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    lang = language_of(words)
    prepare_streams()
    try:
        with warnings.catch_warnings():
            if "--debug" not in words:
                warnings.simplefilter("ignore")
            return _run(words, lang)
    except SystemExit as leaving:  # --help and --version
        return leaving.code if isinstance(leaving.code, int) else DONE
    except BrokenPipeError:
        drop_output()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        tell(f"\n{_INTERRUPTED.get(lang)}")
        _settle_interrupt()
        return INTERRUPTED
    except Exception as error:  # nothing may reach a user as a traceback unless asked for
        return _refused(error, lang, debug="--debug" in words)


def _run(words: list[str], lang: str) -> int:
    options = parsed(words)
    homes = {"serve": "service_verbs", "worker": "service_verbs", "apikey": "service_verbs", "whatif": "what_if_verb"}
    home = homes.get(options.verb, "verbs")
    run: Callable[[Namespace, str], int] = getattr(import_module(f"causal_service.cli.{home}"), options.verb)
    if home == "service_verbs":  # they end in their own way
        return run(options, lang)
    with _ended_tidily():
        return run(options, lang)


@contextmanager
def _ended_tidily() -> Iterator[None]:
    """Let SIGTERM (schedulers and containers send it) end the program as its own exit would: temporary files go."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(ENDED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _settle_interrupt() -> None:
    """Let the exit code stand.

    CPython notes an interruption that leaves the execution of source text (``dataclass`` and ``namedtuple`` execute
    some while libraries are imported) as unhandled, and then ends ``python -m`` by the signal although it was caught
    (``run_eval_code_obj`` in ``pythonrun.c``); executing another text takes the note back.
    """
    exec("")  # nosec B102


def _refused(error: Exception, lang: str, *, debug: bool) -> int:
    if debug:
        tell("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, CausalServiceError):
        what, remedy = error.what, error.remedy
        code = DATA_FAILED if isinstance(error, DataError) else WRONG_CALL
    else:
        detail = " ".join(str(error).split())
        what = Text(*(t.format(kind=type(error).__name__, detail=detail) for t in (_INTERNAL.zh, _INTERNAL.en)))
        remedy, code = _REPORT_IT, INTERNAL
    tell(f"causal-service: {what.get(lang)}\n  {remedy.get(lang)}")
    return code
