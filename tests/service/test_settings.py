"""Settings explain themselves, refuse contradictions, and never open a door without keys."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from causal_service.cli import main
from causal_service.errors import CallError
from causal_service.service.settings import Settings, is_loopback


def test_every_setting_is_documented():
    undocumented = [name for name, field in Settings.model_fields.items() if not field.description]
    assert undocumented == []


def test_environment_names_and_values(monkeypatch, tmp_path):
    monkeypatch.setenv("CAUSAL_PORT", "9000")
    monkeypatch.setenv("CAUSAL_DATABASE_URL", "postgresql://someone:secret@host/db")
    settings = Settings(data=tmp_path)
    assert settings.port == 9000
    assert settings.database == "postgresql+psycopg://someone:secret@host/db"
    assert "secret" not in repr(settings)


def test_default_is_sqlite_in_a_private_folder(tmp_path):
    settings = Settings(data=tmp_path / "new")
    assert settings.database == f"sqlite:///{tmp_path / 'new' / 'state.sqlite'}"
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_local_mode_stays_on_this_machine(host, tmp_path, capsys, monkeypatch):
    with pytest.raises(CallError) as refused:
        Settings(host=host, data=tmp_path).refuse_open_door()
    assert refused.value.code == "unsafe-bind"
    monkeypatch.setenv("CAUSAL_MODE", "local")
    assert main(["serve", "--host", host, "--data", str(tmp_path), "--lang", "en"]) == 2
    assert "Local mode" in capsys.readouterr().err
    Settings(host=host, data=tmp_path, mode="shared").refuse_open_door()


OWN = ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost")
OTHERS = ("10.0.0.1", "0.0.0.0", "localhost.evil.org", "")


@pytest.mark.parametrize("host", [*OWN, *OTHERS])
def test_loopback(host):
    assert is_loopback(host) is (host in OWN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "https://issuer"},
        {"oidc_issuer": "http://issuer", "oidc_audience": "us"},
        {"worker_id": "../other"},
        {"port": 70000},
    ],
)
def test_contradictions_are_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_the_shell_names_a_wrong_setting(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CAUSAL_WORKERS", "many")
    assert main(["serve", "--data", str(tmp_path), "--lang", "en"]) == 2
    assert "CAUSAL_WORKERS" in capsys.readouterr().err
