"""Standard output and standard error, wherever they lead."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress

from causal_service.errors import CallError, Text

__all__ = ["drop_output", "emit", "prepare_streams", "tell"]


def prepare_streams() -> None:
    """Never fail on a character; files and pipes get UTF-8 with plain newlines, a terminal its own encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")


def emit(text: str) -> None:
    """Write the result to stdout.

    Raises
    ------
    CallError : ``cannot-write``, stdout is full or closed.
    BrokenPipeError : the reader went away.
    """
    try:
        if sys.stdout is None:
            raise OSError(0, "stdout is closed")
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        reason = error.strerror or str(error)
        raise CallError(
            "cannot-write",
            Text(f"无法写入标准输出：{reason}。", f"Cannot write to standard output: {reason}."),
            Text("请检查剩余空间，或换一个输出位置。", "Check free space, or send the output elsewhere."),
        ) from None


def tell(text: str) -> None:
    """Write a note for the person at the terminal to stderr; what cannot be written is left out."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def drop_output() -> None:
    """Let whatever is still buffered for stdout go nowhere, so that the interpreter does not complain at exit."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
