"""The verbs of the service: settings come from ``CAUSAL_…`` variables, options go before them."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from causal_service.cli.arguments import one_of
from causal_service.cli.streams import emit, tell
from causal_service.errors import CallError, Text
from causal_service.report.tables import aligned

if TYPE_CHECKING:
    from causal_service.service.settings import Settings

__all__ = ["apikey", "serve", "worker"]

_ACTIONS = ("create", "list", "revoke")
_HEADER = (
    Text("编号", "Id"),
    Text("用途", "Label"),
    Text("权限", "Scopes"),
    Text("创建", "Created"),
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
    from causal_service.service.keyring import create_key

    key, text = create_key(_settings(options), options.workspace, options.label, options.scope, options.days)
    shown = {"key": text, **asdict(key), "workspace": options.workspace}
    emit(json.dumps(shown, ensure_ascii=False) + "\n" if options.json else f"{text}\n")
    tell(_ONCE.get(lang))
    return 0


def _list(options: Namespace, lang: str) -> int:
    from causal_service.service.keyring import list_keys

    found = list_keys(_settings(options), options.workspace)
    if options.json:
        emit(json.dumps([asdict(key) for key in found], ensure_ascii=False) + "\n")
        return 0
    rows = [
        [key.id, key.label, " ".join(key.scopes), key.created, key.expires or "—", _STATES[key.state].get(lang)]
        for key in found
    ]
    emit(aligned([[title.get(lang) for title in _HEADER], *rows]) + "\n")
    return 0


def _revoke(options: Namespace, lang: str) -> int:
    from causal_service.service.keyring import revoke_key

    revoke_key(_settings(options), options.workspace, options.key or "")
    tell(_REVOKED.get(lang).format(key=options.key))
    return 0


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
            Text(
                f"设置 CAUSAL_{name.upper()} 无效：{reason}。",
                f"The setting CAUSAL_{name.upper()} is not valid: {reason}.",
            ),
            Text("请更正该环境变量或选项。", "Correct the environment variable or option."),
            {"setting": name},
        ) from None
