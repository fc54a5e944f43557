"""Run a function in a child process of its own, within a limit of CPU seconds."""

from __future__ import annotations

import multiprocessing
import resource
import traceback
from collections.abc import Callable
from typing import Any


def apart(function: Callable[[], Any], cpu_seconds: int) -> dict[str, Any]:
    """``{"said": value}``, or ``{"reason": why}`` when it was stopped or failed.

    A child shares what its parent imported and compiled, changes nothing in it, and cannot hold up the others.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(function, cpu_seconds, sender))
    child.start()
    sender.close()
    try:
        said: dict[str, Any] = receiver.recv()
    except EOFError:
        said = {"reason": f"stopped after {cpu_seconds} CPU seconds"}
    child.join()
    return said


def _child(function: Callable[[], Any], cpu_seconds: int, sender: Any) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    try:
        sender.send({"said": function()})
    except Exception as problem:
        traceback.print_exc()
        sender.send({"reason": f"{type(problem).__name__}: {str(problem)[:200]}"})
