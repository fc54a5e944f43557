"""One way to say that a name does not exist."""

from __future__ import annotations

from collections.abc import Iterable

from causal_service.errors import Text, UnknownName, nearest

__all__ = ["check_known"]


def check_known(name: str, known: Iterable[str], kind: Text) -> None:
    """Raise ``UnknownName`` with the nearest known names unless ``name`` is one of ``known``.

    Parameters
    ----------
    kind : what is being named, as it appears in the message ("indicator", "layer").
    """
    names = list(known)
    if name in names:
        return
    near = nearest(name, names) or tuple(names[:3])
    raise UnknownName(
        "unknown-name",
        Text(f"没有名为“{name}”的{kind.zh}。", f"There is no {kind.en} named '{name}'."),
        Text(f"最接近的名称：{'、'.join(near) or '无'}。", f"Nearest names: {', '.join(near) or 'none'}."),
        {"name": name, "nearest": near},
    )
