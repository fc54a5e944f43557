"""What the service is busy with, on stderr: one updating line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from causal_service.errors import Text

__all__ = ["Progress"]

_STAGES = {
    "load": Text("载入程序", "Loading"),
    "read": Text("读取并检查数据", "Reading and checking the panel"),
    "prepare": Text("预处理", "Preparing"),
    "discover": Text("学习因果图", "Learning the graph"),
    "effects": Text("估计效应", "Estimating effects"),
    "rehearse": Text("在模拟面板上预演", "Rehearsing on simulated panels"),
    "crosscheck": Text("请 DoWhy 核对", "Asking DoWhy for a second opinion"),
    "explain": Text("解释结果", "Explaining"),
    "checks": Text("检验结论是否站得住", "Trying to break the effects"),
    "depth": Text("细看效应：对谁、到什么程度、何时见效", "Effects in depth: for whom, up to where, when"),
    "twin": Text("再研究一次：不声明客诉率的层级", "Once more, without the layer of complaints"),
}
_COUNTED = {
    "discover": Text("{done}/{of} 次重抽样", "{done} of {of} resamples"),
    "rehearse": Text("{done}/{of} 个", "{done} of {of}"),
}
_COLON = Text("：", ": ")
_COMPILES = ("read", "prepare", "discover", "effects")
"""Stages in which a machine on which nothing has run yet compiles before it computes."""
_COMPILING = Text("（本机首次运行需编译，共约一分钟）", " (the first run on a machine compiles, about a minute in all)")
_COMPILED = Path(__file__).resolve().parents[1] / "numerics" / "__pycache__"
"""Where compiled kernels are kept unless the package folder cannot be written to; nothing is said then."""
_QUARTERS = 4


class Progress:
    """Shows the stages of one study; a context, so that the line is gone when the work ends however it ends."""

    def __init__(self, lang: str, stream: TextIO | None = None, *, compiled: Path = _COMPILED) -> None:
        self._lang = lang
        self._cold = os.access(compiled.parent, os.W_OK) and next(compiled.glob("*.nbi"), None) is None
        self._stream = sys.stderr if stream is None else stream
        self._live = bool(self._stream is not None and self._stream.isatty())
        self._shown = ("", -1)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._write("\r\x1b[2K")

    def __call__(self, stage: str, done: int, of: int) -> None:
        """Show that ``done`` of ``of`` steps of a stage are done."""
        name = _STAGES[stage].get(self._lang) if stage in _STAGES else stage
        if self._live:
            self._write(f"\r\x1b[2K{name}{self._detail(stage, done, of)}")
            return
        quarter = _QUARTERS * done // max(of, 1) if stage in _COUNTED else 0
        if self._shown != (stage, quarter):
            self._shown = (stage, quarter)
            self._write(f"{name}{self._detail(stage, done, of) if done or self._compiles(stage, done) else ''}\n")

    def _detail(self, stage: str, done: int, of: int) -> str:
        if self._compiles(stage, done):
            return _COMPILING.get(self._lang)
        if stage not in _COUNTED or done == 0:
            return " …"
        return _COLON.get(self._lang) + _COUNTED[stage].get(self._lang).format(done=done, of=of)

    def _compiles(self, stage: str, done: int) -> bool:
        return self._cold and done == 0 and stage in _COMPILES

    def _write(self, text: str) -> None:
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()
