"""Every setting of the service: ``CAUSAL_…`` in the environment or a ``.env`` file; the command line overrides."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from causal_service.errors import CallError, Text

__all__ = ["Settings", "is_loopback"]

_KIB, _MIB, _GIB = 2**10, 2**20, 2**30


class Settings(BaseSettings):
    """What an operator may choose; the defaults serve one person on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="CAUSAL_", env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    mode: Literal["local", "shared"] = "local"
    """``local``: one workspace, no keys, loopback only. ``shared``: every request carries a key or an OIDC token."""
    host: str = "127.0.0.1"
    """Address to bind. Anything but loopback needs ``mode=shared``."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to bind; 0 picks a free one."""
    data: Path = Path("causal-data")
    """Folder of the database (SQLite), the files and uploads in progress. Give it to the service's user alone."""
    database_url: SecretStr = SecretStr("")
    """``postgresql://user:password@host/name``. Empty: SQLite in ``data``."""
    database_connections: int = Field(default=20, ge=2, le=1000)
    """Most connections that one process opens to the database."""
    storage_url: str = ""
    """``s3://bucket/prefix`` for panels and results. Empty: the folder ``files`` in ``data``."""
    s3_endpoint: str = ""
    """``https://host:port`` of an S3-compatible store; empty: AWS. Keys come from the usual ``AWS_…`` variables."""
    s3_region: str = "us-east-1"
    """Region of the bucket."""

    workers: int = Field(default=1, ge=0, le=64)
    """Worker processes that ``serve`` starts and supervises; 0 when workers run elsewhere."""
    worker_id: str = Field(default="worker-0", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """Stable name of a worker. A worker restarted under its name takes its interrupted studies up again."""
    worker_studies: int = Field(default=1, ge=1, le=64)
    """Studies that one worker computes at a time; the worker that started last decides for all."""
    worker_checks: int = Field(default=1, ge=1, le=64)
    """Panels that one worker checks at a time; the worker that started last decides for all."""
    worker_niceness: int = Field(default=5, ge=0, le=19)
    """Niceness of the computing processes, so that reads stay fast while studies compute."""
    workspace_studies: int = Field(default=2, ge=1, le=1024)
    """Studies of one workspace that are computed at a time, over all workers."""
    study_threads: int = Field(default=1, ge=1, le=1024)
    """Threads of one study; the result does not depend on it."""
    study_seconds: float = Field(default=3600, gt=0)
    """Seconds after which a study is stopped and refused."""
    check_seconds: float = Field(default=300, gt=0)
    """Seconds after which the check of a panel is stopped and refused."""
    job_memory_bytes: int = Field(default=8 * _GIB, ge=256 * _MIB)
    """Memory (bytes of data) that one study or check may use; beyond it is refused. Linux only."""
    queue_seconds: float = Field(default=0.2, gt=0, le=60)
    """Seconds between two looks of a worker at the queue."""

    upload_bytes: int = Field(default=2 * _GIB, ge=1)
    """Largest upload, in bytes as sent."""
    unpacked_bytes: int = Field(default=2 * _GIB, ge=1)
    """Largest upload after decompression, in bytes."""
    columns: int = Field(default=5000, ge=2)
    """Most columns of a table."""
    cells: int = Field(default=500_000_000, ge=4)
    """Most cells (rows x columns) of a table."""
    dictionary_bytes: int = Field(default=4 * _MIB, ge=1)
    """Largest dictionary, in bytes."""
    body_bytes: int = Field(default=1 * _MIB, ge=_KIB)
    """Largest JSON body, in bytes."""
    upload_wait: float = Field(default=10, ge=0, le=300)
    """Seconds that an upload waits for the check before it answers ``checking``."""
    free_bytes: int = Field(default=256 * _MIB, ge=0)
    """Free disk (bytes) below which uploads are refused and ``/readyz`` says so."""
    queued_studies: int = Field(default=1000, ge=1)
    """Studies that one workspace may have waiting."""
    workspace_panels: int = Field(default=10_000, ge=1)
    """Panels that one workspace may keep."""
    retention_days: float = Field(default=0, ge=0)
    """Days after which finished studies and unused panels are deleted; 0 keeps them."""

    api_processes: int = Field(default=1, ge=1, le=1024)
    """API processes that share the load; each allows this share of the rates below."""
    rate_reads: str = "1200/minute"
    """Reads that one key (or address) may make."""
    rate_writes: str = "120/minute"
    """Uploads and submissions that one key (or address) may make."""
    rate_refusals: str = "30/minute"
    """Refused keys that one address may try."""
    hosts: tuple[str, ...] = ()
    """Host names under which the service answers; empty: any in shared mode, loopback names in local mode."""
    oidc_issuer: str = ""
    """``https://`` issuer whose bearer tokens are accepted beside keys."""
    oidc_audience: str = ""
    """Audience that a token must name."""
    oidc_workspace_claim: str = "workspace"
    """Claim with the name of the workspace."""
    oidc_scope_claim: str = "scope"
    """Claim with the scopes (``read submit admin``), separated by spaces or as a list."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe line that is logged."""
    trace_endpoint: str = ""
    """OTLP/HTTP address for OpenTelemetry traces; empty: none. Needs the extra ``traces``."""
    metrics_public: bool = True
    """Whether ``/metrics`` answers without a key."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.oidc_issuer) != bool(self.oidc_audience):
            raise ValueError("oidc_issuer and oidc_audience are given together or not at all")
        if self.oidc_issuer and not self.oidc_issuer.startswith("https://"):
            raise ValueError("oidc_issuer starts with https://")
        return self

    @property
    def folder(self) -> Path:
        """The data folder, made private to its owner."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.data.resolve()

    @property
    def spool(self) -> Path:
        """Folder of uploads in progress."""
        path = self.folder / "spool"
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    @property
    def database(self) -> str:
        """SQLAlchemy address of the database."""
        url = self.database_url.get_secret_value()
        if not url:
            return f"sqlite:///{self.folder / 'state.sqlite'}"
        scheme, _, rest = url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url

    def refuse_open_door(self) -> None:
        """Raise ``CallError`` (``unsafe-bind``) when a service without keys would be reached from elsewhere."""
        if self.mode == "local" and not is_loopback(self.host):
            raise CallError(
                "unsafe-bind",
                Text(
                    f"没有密钥的本地模式不能绑定 {self.host}。",
                    f"Local mode has no keys and cannot be bound to {self.host}.",
                ),
                Text(
                    "请使用 127.0.0.1，或设置 CAUSAL_MODE=shared 并用 apikey create 创建密钥。",
                    "Use 127.0.0.1, or set CAUSAL_MODE=shared and make keys with apikey create.",
                ),
                {"host": self.host},
            )

    def for_worker(self, number: int) -> dict[str, str]:
        """Return the environment of the worker process ``number`` that ``serve`` starts."""
        return os.environ | {
            "CAUSAL_DATA": str(self.folder),
            "CAUSAL_DATABASE_URL": self.database_url.get_secret_value(),
            "CAUSAL_STORAGE_URL": self.storage_url,
            "CAUSAL_WORKER_ID": f"{self.worker_id}.{number}" if number else self.worker_id,
        }


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is an address or name of this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
