"""Many independent tasks on the threads of this process or on the workers of a Dask cluster, answers in order.

Tasks are pure functions of what they are given, so where they run changes no byte of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

__all__ = ["cluster", "in_order", "one_thread_per_library"]

Given = ParamSpec("Given")

Common = TypeVar("Common")
Task = TypeVar("Task")
Answer = TypeVar("Answer")

_CLIENT: ContextVar[Any] = ContextVar("cluster", default=None)


@contextmanager
def cluster(scheduler: str | None) -> Iterator[None]:
    """Send the tasks that are started inside to the cluster behind ``scheduler`` (``tcp://host:port``).

    Without an address they stay in this process.

    Raises
    ------
    MissingPart : dask.distributed is not installed.
    CallError : nothing answers at that address.
    """
    if scheduler is None:
        yield
        return
    from causal_service.numerics.via_dask import connected

    with connected(scheduler) as client:
        token = _CLIENT.set(client)
        try:
            yield
        finally:
            _CLIENT.reset(token)


def in_order(
    function: Callable[[Common, Task], Answer], common: Common, tasks: Iterable[Task], threads: int = 1
) -> Iterator[Answer]:
    """Yield ``function(common, task)`` for every task, in order.

    Parameters
    ----------
    function : importable by name, without side effects other than files that may be written twice.
    common : what all tasks share; it travels to every worker once.
    threads : threads of this process, where no cluster is used.
    """
    client = _CLIENT.get()
    if client is not None:
        from causal_service.numerics.via_dask import answers

        yield from answers(client, function, common, list(tasks))
    elif threads <= 1:
        for task in tasks:
            yield function(common, task)
    else:
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(lambda task: function(common, task), tasks)


def one_thread_per_library(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Return the function with BLAS and OpenMP on one thread each.

    Matrices of a study are small: with threads of their own the libraries spend more time waiting for each other than
    computing (a study of 19 indicators: 9.3 against 3.3 CPU seconds on two cores).
    """

    @wraps(function)
    def limited(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        with threadpool_limits(1):
            return function(*args, **kwargs)

    return limited
