"""The verbs of the service: settings come from ``CAUSAL_…`` variables, options go before them."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from causal_service.cli.arguments import one_of
from causal_service.cli.streams import emit, tell
from causal_service.errors import CallError, Text
from causal_service.report.tables import aligned

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from causal_service.service.settings import Settings
    from causal_service.service.state.database import Database
    from causal_service.service.state.models import ApiKey

__all__ = ["apikey", "serve", "worker"]

_ACTIONS = ("create", "list", "revoke")
_HEADER = (
    Text("编号", "Id"),
    Text("用途", "Label"),
    Text("权限", "Scopes"),
    Text("创建", "Made"),
    Text("到期", "Expires"),
    Text("状态", "State"),
)
_STATES = {
    "valid": Text("有效", "valid"),
    "expired": Text("已过期", "expired"),
    "revoked": Text("已吊销", "revoked"),
}
_ONCE = Text("密钥只显示这一次，请妥善保存。", "The key is shown this once; keep it safe.")
_REVOKED = Text("已吊销密钥 {key}。", "Revoked the key {key}.")
_SERVING = Text("服务启动中：http://{host}:{port}（Ctrl-C 停止）", "Starting at http://{host}:{port} (Ctrl-C stops it)")


def serve(options: Namespace, lang: str) -> int:
    """Serve the API until it is told to stop."""
    settings = _settings(options)
    settings.refuse_open_door()
    from causal_service.service.serving import serve as run

    tell(_SERVING.get(lang).format(host=settings.host, port=settings.port))
    run(settings)
    return 0


def worker(options: Namespace, lang: str) -> int:
    """Work until told to stop."""
    from causal_service.service.serving import work

    work(_settings(options))
    return 0


def apikey(options: Namespace, lang: str) -> int:
    """Make, list or revoke keys."""
    action = one_of("ACTION", _ACTIONS)(options.source or "")
    if not options.workspace:
        raise CallError(
            "no-workspace",
            Text("没有给出工作区。", "No workspace was given."),
            Text("请用 --workspace 指定工作区名称。", "Name it with --workspace."),
        )
    return {"create": _create, "list": _list, "revoke": _revoke}[action](options, lang)


def _create(options: Namespace, lang: str) -> int:
    from causal_service.service.state import keys

    with _open(options) as database, database.system() as session:
        workspace = keys.ensure_workspace(session, options.workspace)
        key, text = keys.make_key(session, workspace.id, options.label, options.scope, options.days)
        shown = {"key": text, **_shown(key), "workspace": options.workspace}
    emit(json.dumps(shown, ensure_ascii=False) + "\n" if options.json else f"{text}\n")
    tell(_ONCE.get(lang))
    return 0


def _list(options: Namespace, lang: str) -> int:
    from causal_service.service.state import keys

    with _open(options) as database, database.system() as session:
        rows = [_shown(key) for key in keys.keys_of(session, _workspace(session, options.workspace))]
    if options.json:
        emit(json.dumps(rows, ensure_ascii=False) + "\n")
        return 0
    table = []
    for row in rows:
        state = _STATES[row["state"]].get(lang)
        table.append([row["id"], row["label"], " ".join(row["scopes"]), row["created"], row["expires"] or "—", state])
    emit(aligned([[title.get(lang) for title in _HEADER], *table]) + "\n")
    return 0


def _revoke(options: Namespace, lang: str) -> int:
    from causal_service.service.state import keys

    with _open(options) as database, database.system() as session:
        done = keys.revoke_key(session, _workspace(session, options.workspace), options.key or "")
    if not done:
        raise CallError(
            "no-such-key",
            Text(
                f"工作区 {options.workspace} 没有有效的密钥 {options.key}。",
                f"The workspace {options.workspace} has no valid key {options.key}.",
            ),
            Text("请用 apikey list 查看编号，并用 --key 给出。", "apikey list shows the ids; give one with --key."),
            {"key": options.key},
        )
    tell(_REVOKED.get(lang).format(key=options.key))
    return 0


def _shown(key: ApiKey) -> dict[str, Any]:
    now = datetime.now(UTC).timestamp()
    expired = key.expires is not None and key.expires <= now
    return {
        "id": key.id,
        "label": key.label,
        "scopes": key.scopes,
        "created": _day(key.created),
        "expires": None if key.expires is None else _day(key.expires),
        "state": "revoked" if key.revoked is not None else "expired" if expired else "valid",
    }


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _workspace(session: Session, name: str) -> str:
    from causal_service.service.state.keys import workspace_named

    found = workspace_named(session, name)
    if found is None:
        raise CallError(
            "no-such-workspace",
            Text(f"没有工作区“{name}”。", f"There is no workspace '{name}'."),
            Text("apikey create 会创建新的工作区。", "apikey create makes a new one."),
            {"workspace": name},
        )
    return found.id


@contextmanager
def _open(options: Namespace) -> Iterator[Database]:
    from causal_service.service.state.database import Database

    database = Database(_settings(options).database)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def _settings(options: Namespace) -> Settings:
    """Return the settings of the environment, with what the command line says instead where it says something."""
    from pydantic import ValidationError

    from causal_service.service.settings import Settings

    given = {name: getattr(options, name, None) for name in ("host", "port", "data")}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise CallError(
            "wrong-setting",
            Text(f"设置 CAUSAL_{name.upper()} 无效：{reason}。", f"The setting CAUSAL_{name.upper()}: {reason}."),
            Text("请更正该环境变量或选项。", "Correct the environment variable or option."),
            {"setting": name},
        ) from None
