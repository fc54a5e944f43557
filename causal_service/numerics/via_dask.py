"""The door to Dask: a cluster of workers for the tasks of one study."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from threadpoolctl import threadpool_limits

from causal_service.errors import CallError, MissingPart, Text

__all__ = ["answers", "connected"]

PATIENCE = "10s"
"""How long a scheduler may take to answer."""
RETRIES = 5
"""Times a task that raised is tried again; those of a lost worker go to another one anyway."""


@contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """Connect to a running scheduler.

    Raises
    ------
    MissingPart : dask.distributed is not installed.
    CallError : ``no-scheduler``.
    """
    try:
        import distributed
    except ImportError:
        raise MissingPart(
            "no-dask",
            Text("没有安装 dask.distributed。", "dask.distributed is not installed."),
            Text("请安装 causal-service[scale]。", "Install causal-service[scale]."),
        ) from None
    connect: Any = distributed.Client
    try:
        client: Any = connect(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError):
        raise CallError(
            "no-scheduler",
            Text(f"“{scheduler}”没有 Dask 调度器响应。", f"No Dask scheduler answers at {scheduler!r}."),
            Text(
                "请给出运行中的调度器地址，例如 tcp://host:8786。",
                "Give the address of a running scheduler, for example tcp://host:8786.",
            ),
            {"scheduler": scheduler},
        ) from None
    try:
        yield client
    finally:
        client.close()


def answers(client: Any, function: Callable[..., Any], common: Any, tasks: Sequence[Any]) -> Iterator[Any]:
    """Yield the answers in order; a task whose worker died runs again on another.

    What the tasks share is itself the result of a task: unlike scattered data it comes back when its workers are lost.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")
        shared = client.submit(_itself, common, pure=False)
    futures = [client.submit(_alone, function, shared, task, pure=False, retries=RETRIES) for task in tasks]
    while futures:
        yield futures.pop(0).result()


def _itself(common: Any) -> Any:
    return common


def _alone(function: Callable[..., Any], common: Any, task: Any) -> Any:
    """Run one task with a single numeric thread, as it would run at home."""
    with threadpool_limits(1):
        return function(common, task)
