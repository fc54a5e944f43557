"""Computing processes of a worker: lent for one task, stopped when it takes too long or is no longer wanted."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from causal_service.errors import CausalServiceError, DataError, Text
from causal_service.service.documents import refusal_in
from causal_service.service.jobs.parent import STARTER
from causal_service.service.refusals import study_broke
from causal_service.service.settings import Settings

__all__ = ["Children", "Stopped"]

_LOOK = 0.25
"""Seconds between two looks at whether a task is still wanted."""
_START_SECONDS = 300.0
_END = None

Progress = Callable[[str, int, int], None]


class Stopped(Exception):
    """The task is no longer wanted."""


class JobDied(CausalServiceError):
    """A computing process ended in the middle of its task."""


class Children:
    """The computing processes of one worker.

    Parameters
    ----------
    settings : niceness, memory and threads of the processes.
    keep : number of idle processes kept warm.
    """

    def __init__(self, settings: Settings, keep: int) -> None:
        self._settings, self._keep = settings, keep
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(
        self, task: dict[str, Any], seconds: float, progress: Progress, wanted: Callable[[], bool]
    ) -> dict[str, Any]:
        """Run a task of ``computing.TASKS`` and return its result.

        Parameters
        ----------
        task : ``kind``, ``folder`` and what the task needs.
        seconds : time it may take.
        progress : called with (stage, done, of).
        wanted : asked several times a second; when it says no, the process is stopped.

        Raises
        ------
        Stopped : no longer wanted.
        CausalServiceError : the task refused, took too long (``took-too-long``) or died twice (``job-died``).
        """
        for last in (False, True):
            try:
                with self._lent() as child:
                    return child.run(task, seconds, progress, wanted)
            except JobDied:
                if self._closed:
                    raise Stopped from None
                if last:
                    raise
        raise Stopped

    def close(self) -> None:
        """Stop all processes."""
        with self._lock:
            self._closed = True
            children = [*self._idle, *self._busy]
            self._idle.clear()
        for child in children:
            child.stop()

    def warm(self) -> None:
        """Start the processes that are kept, without waiting for them."""
        with self._lock:
            self._idle += [_Child(self._settings) for _ in range(self._keep - len(self._idle))]

    @contextmanager
    def _lent(self) -> Iterator[_Child]:
        with self._lock:
            if self._closed:
                raise Stopped
            usable = [child for child in self._idle if child.alive]
            child = usable.pop() if usable else _Child(self._settings)
            self._idle = usable
            self._busy.add(child)
        try:
            yield child
        except BaseException:
            child.stop()
            raise
        finally:
            with self._lock:
                self._busy.discard(child)
                keep = child.alive and not self._closed and len(self._idle) < self._keep
                if keep:
                    self._idle.append(child)
            if not keep:
                child.stop()


class _Child:
    """One computing process."""

    def __init__(self, settings: Settings) -> None:
        threads = str(settings.study_threads)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "causal_service.service.jobs.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ
            | {
                STARTER: str(os.getpid()),
                "CAUSAL_JOB_MEMORY_BYTES": str(settings.job_memory_bytes),
                "CAUSAL_WORKER_NICENESS": str(settings.worker_niceness),
                **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads),
            },
        )
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._ready = False
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def run(
        self, task: dict[str, Any], seconds: float, progress: Progress, wanted: Callable[[], bool]
    ) -> dict[str, Any]:
        """Run one task; see ``Children.run``."""
        if not self._ready:
            self._answer(_START_SECONDS, lambda *_: None, wanted)
            self._ready = True
        stream = self._process.stdin
        try:
            if stream is None:
                raise BrokenPipeError
            stream.write(json.dumps(task, ensure_ascii=False).encode() + b"\n")
            stream.flush()
        except OSError:
            raise _died(self._process.poll()) from None
        answer = self._answer(seconds, progress, wanted)
        if "refused" in answer:
            raise refusal_in(answer["refused"])
        if "broken" in answer:
            structlog.get_logger("causal_service").error("task broke", task=task["kind"], trace=answer["broken"])
            raise study_broke()
        result: dict[str, Any] = answer["result"]
        return result

    def stop(self) -> None:
        """End the process at once."""
        if self.alive:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue

    def _answer(self, seconds: float, progress: Progress, wanted: Callable[[], bool]) -> dict[str, Any]:
        now = time.monotonic()
        end, look = now + seconds, now
        while True:
            try:
                line = self._lines.get(timeout=_LOOK)
            except queue.Empty:
                line = {}
            if line is _END:
                raise _died(self._process.wait())
            if "stage" in line:
                progress(line["stage"], line["done"], line["of"])
            elif line:
                return line
            now = time.monotonic()
            if now > end:
                raise _too_long(seconds)
            if now > look:
                look = now + _LOOK
                if not wanted():
                    raise Stopped

    def _listen(self) -> None:
        stream = self._process.stdout
        if stream is not None:
            try:
                for line in stream:
                    self._lines.put(json.loads(line))
            except ValueError:  # closed by stop(), or a line cut short by the end of the process
                pass
        self._lines.put(_END)


def _too_long(seconds: float) -> DataError:
    return DataError(
        "took-too-long",
        Text(
            f"计算超过了 {seconds:g} 秒的上限。", f"The computation took longer than the limit of {seconds:g} seconds."
        ),
        Text(
            "请减少指标或重抽样次数，或请管理员提高上限。",
            "Use fewer indicators or resamples, or ask for a higher limit.",
        ),
        {"seconds": seconds},
    )


def _died(code: int | None) -> JobDied:
    return JobDied(
        "job-died",
        Text("计算进程意外结束。", "The computing process ended unexpectedly."),
        Text(
            "请重新提交；如果再次发生，请联系管理员（可能是内存不足）。",
            "Submit it again; if it happens again, ask the administrator (memory may be short).",
        ),
        {"exit_code": code},
    )
