"""The program of a computing process: one JSON task per line on its input, JSON lines of progress and result out.

It is started once, warmed up while nobody waits, and serves one task after another. Being a process of its own it can
be stopped at any moment, may not use more memory than it is given, and takes nobody with it when it dies.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

from causal_service.errors import CausalServiceError, DataError, Text
from causal_service.service.jobs.parent import STARTER, end_with

__all__ = ["main"]

_RECYCLE = 2**30
"""Bytes of memory above which a process ends after its task, so that the memory is given back."""


def main() -> None:
    """Serve tasks until the input ends."""
    end_with(int(os.environ[STARTER]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # sent to a whole group of processes; the worker decides
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # whatever a library prints goes to the log
    _limit(int(os.environ["CAUSAL_JOB_MEMORY_BYTES"]), int(os.environ["CAUSAL_WORKER_NICENESS"]))
    from causal_service.service.jobs.computing import warm_up

    warm_up()
    _say(answers, {"ready": True})
    for line in sys.stdin:
        _say(answers, _answer(json.loads(line), answers))
        if _memory() > _RECYCLE:
            return


def _answer(task: dict[str, Any], answers: TextIO) -> dict[str, Any]:
    from causal_service.service.documents import document_of
    from causal_service.service.jobs.computing import TASKS
    from causal_service.service.refusals import is_full, no_space

    def progress(stage: str, done: int, of: int) -> None:
        _say(answers, {"stage": stage, "done": done, "of": of})

    try:
        return {"result": TASKS[task["kind"]](Path(task["folder"]), task, progress)}
    except MemoryError:
        return {"refused": document_of(_too_big())}
    except CausalServiceError as error:
        return {"refused": document_of(error)}
    except Exception as error:  # the worker turns it into an internal error and logs it
        if is_full(error):
            return {"refused": document_of(no_space())}
        return {"broken": traceback.format_exc()}


def _say(answers: TextIO, content: dict[str, Any]) -> None:
    try:
        answers.write(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")
        answers.flush()
    except BrokenPipeError:  # the worker is gone; it does this task again when it is back
        os._exit(1)


def _limit(memory: int, niceness: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    os.nice(niceness)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _memory() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _too_big() -> DataError:
    return DataError(
        "not-enough-memory",
        Text("这份数据需要的内存超过了单个任务的上限。", "This panel needs more memory than one study may use."),
        Text(
            "请减少指标、实体或重抽样次数，或请管理员提高上限。",
            "Use fewer indicators, entities or resamples, or ask for a higher limit.",
        ),
    )


if __name__ == "__main__":
    main()
