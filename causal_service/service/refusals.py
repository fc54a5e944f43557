"""What only a service refuses: no key, no such resource, too large, too often. No HTTP status lives here."""

from __future__ import annotations

import errno

from causal_service.errors import CallError, CausalServiceError, Text

__all__ = [
    "Refusal",
    "TooMuch",
    "Unavailable",
    "body_too_large",
    "cross_site",
    "is_full",
    "missing_scope",
    "no_key",
    "no_space",
    "not_checked",
    "not_found",
    "panel_gone",
    "panel_in_use",
    "rate_limited",
    "study_broke",
    "study_cancelled",
    "study_failed",
    "study_not_done",
    "unavailable",
    "wrong_cursor",
    "wrong_key",
]


class Refusal(CallError):
    """The request cannot be served as it stands."""


class TooMuch(Refusal):
    """Too large, too many or too often; ``retry_after`` seconds when waiting helps."""

    retry_after: int | None = None


class Unavailable(CausalServiceError):
    """A part the service needs does not answer; the request may be sent again."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: BaseException) -> bool:
    """Return whether an error of the system or of SQLite says that there is no room left."""
    return (isinstance(error, OSError) and error.errno in _FULL) or "database or disk is full" in str(error)


def not_found(kind: Text) -> Refusal:
    """Return the refusal of something that does not exist in the caller's workspace."""
    return Refusal(
        "not-found",
        Text(f"没有这个{kind.zh}。", f"There is no such {kind.en}."),
        Text("请检查编号；它可能已被删除。", "Check the id; it may have been deleted."),
    )


def no_key() -> Refusal:
    """Return the refusal of a request without credentials."""
    return Refusal(
        "no-key",
        Text("请求没有携带密钥。", "The request carries no key."),
        Text("请加上请求头 Authorization: Bearer KEY。", "Send the header Authorization: Bearer KEY."),
    )


def wrong_key() -> Refusal:
    """Return the refusal of credentials that are unknown, expired or revoked; it does not say which."""
    return Refusal(
        "wrong-key",
        Text("密钥无效、已过期或已吊销。", "The key is not valid, has expired or was revoked."),
        Text("请向管理员索取新的密钥。", "Ask the administrator for a new key."),
    )


def missing_scope(scope: str) -> Refusal:
    """Return the refusal of a key that lacks ``scope``."""
    return Refusal(
        "missing-scope",
        Text(f"密钥没有“{scope}”权限。", f"The key lacks the scope '{scope}'."),
        Text("请使用带有该权限的密钥。", "Use a key that has it."),
        {"scope": scope},
    )


def cross_site() -> Refusal:
    """Return the refusal of a request that another site's page made to a service without keys."""
    return Refusal(
        "cross-site",
        Text("请求来自其他网站或其他主机名。", "The request came from another site or under another host name."),
        Text("请直接打开本服务的地址。", "Open the service under its own address."),
    )


def panel_gone() -> Refusal:
    """Return the refusal of a study whose panel was deleted before it began."""
    return Refusal(
        "panel-deleted",
        Text("研究开始前，面板已被删除。", "The panel was deleted before the study began."),
        Text("请重新上传面板。", "Upload the panel again."),
    )


def rate_limited(seconds: int) -> TooMuch:
    """Return the refusal of too many requests; waiting ``seconds`` helps."""
    refusal = TooMuch(
        "rate-limited",
        Text("请求过于频繁。", "Too many requests."),
        Text(f"请在 {seconds} 秒后重试。", f"Try again in {seconds} seconds."),
        {"seconds": seconds},
    )
    refusal.retry_after = seconds
    return refusal


def body_too_large(limit: int) -> TooMuch:
    """Return the refusal of a body above ``limit`` bytes."""
    return TooMuch(
        "too-large",
        Text(f"内容超过 {_mib(limit)} MiB 的上限。", f"The content is larger than the limit of {_mib(limit)} MiB."),
        Text(
            "请只保留需要的列和行，或请管理员提高上限。",
            "Keep only the rows and columns needed, or ask for a higher limit.",
        ),
        {"limit": limit},
    )


def no_space() -> Unavailable:
    """Return the refusal when the disk or store has no room."""
    return Unavailable(
        "no-space",
        Text("存储空间不足，没有保存任何内容。", "The store has no room left; nothing was kept."),
        Text("请联系管理员清理空间后重试。", "Ask the administrator to make room, then try again."),
    )


def unavailable(part: Text) -> Unavailable:
    """Return the refusal when ``part`` (database, store) does not answer."""
    return Unavailable(
        "unavailable",
        Text(f"{part.zh}暂时不可用。", f"The {part.en} does not answer at the moment."),
        Text("请稍后重试。", "Try again in a moment."),
    )


def study_broke() -> CausalServiceError:
    """Return the refusal of work that ended by a defect of ours; the details are in the log."""
    return CausalServiceError(
        "internal",
        Text("服务内部错误。", "The service failed."),
        Text(
            "请重新提交；如果再次发生，请联系管理员。", "Submit it again; if it happens again, ask the administrator."
        ),
    )


def not_checked() -> Refusal:
    """Return the refusal of findings that are not there yet."""
    return Refusal(
        "panel-not-checked",
        Text("面板仍在检查中。", "The panel is still being checked."),
        Text("请稍后重试。", "Try again in a moment."),
    )


def panel_in_use() -> Refusal:
    """Return the refusal to delete a panel that a study needs."""
    return Refusal(
        "panel-in-use",
        Text("有研究正在排队或运行，需要这个面板。", "A study that waits or runs needs this panel."),
        Text("请先取消这些研究，或等待其完成。", "Cancel these studies or wait for them."),
    )


def study_not_done(state: str) -> Refusal:
    """Return the refusal of results that are not there yet."""
    return Refusal(
        "study-not-done",
        Text("研究尚未完成。", "The study is not done yet."),
        Text("请关注 /events，完成后再取结果。", "Follow /events and come back once it is done."),
        {"state": state},
    )


def study_cancelled() -> Refusal:
    """Return the refusal of results of a cancelled study."""
    return Refusal(
        "study-cancelled",
        Text("研究已被取消。", "The study was cancelled."),
        Text("再次提交同一问题即可重新运行。", "Ask the same question again to run it."),
        {"state": "cancelled"},
    )


def study_failed(cause: CausalServiceError) -> Refusal:
    """Return the refusal of results of a failed study, in the words of its cause."""
    return Refusal("study-failed", cause.what, cause.remedy, {"cause": cause.code, **cause.params})


def wrong_cursor() -> Refusal:
    """Return the refusal of a paging cursor that this service did not give."""
    return Refusal(
        "wrong-cursor",
        Text("分页游标无效。", "The paging cursor is not valid."),
        Text("请使用上一页返回的 next。", "Use the 'next' of the page before."),
    )


def _mib(count: int) -> str:
    return f"{count / 2**20:,.3g}" if count < 2**30 else f"{count / 2**20:,.0f}"
