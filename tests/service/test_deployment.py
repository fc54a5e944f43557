"""What deployment files say exists and is allowed; the page of settings is current."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from causal_service.cli.arguments import VERBS
from causal_service.service.app import create_app
from causal_service.service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENT = ROOT / "docs" / "deployment"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
UNIT = (DEPLOYMENT / "causal-service.service").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
KUBERNETES = list(yaml.safe_load_all((DEPLOYMENT / "kubernetes.yaml").read_text(encoding="utf-8")))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: service for name, service in SERVICES.items() if service.get("image") == "causal-service"}
KNOWN = {f"CAUSAL_{name.upper()}" for name in Settings.model_fields}
TEXTS = [ROOT / "Dockerfile", ROOT / "compose.yaml", *sorted(DEPLOYMENT.iterdir()), ROOT / "docs" / "service.md"]


def settings_of(environment: dict[str, str]) -> Settings:
    own = {name: value for name, value in environment.items() if name.startswith("CAUSAL_")}
    return Settings(**{name.removeprefix("CAUSAL_").lower(): value for name, value in own.items()})


def image_environment() -> dict[str, str]:
    return dict(re.findall(r"\b((?:CAUSAL|NUMBA)_[A-Z_]+)=(\S+)", DOCKERFILE))


def pods() -> dict[str, dict[str, Any]]:
    kinds = ("Deployment", "StatefulSet")
    return {item["metadata"]["name"]: item["spec"]["template"]["spec"] for item in KUBERNETES if item["kind"] in kinds}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_setting_named_exists(path: Path):
    named = set(re.findall(r"\bCAUSAL_[A-Z_0-9]*[A-Z0-9]\b", path.read_text(encoding="utf-8")))
    assert named <= KNOWN


def test_the_page_of_settings_is_current():
    spec = importlib.util.spec_from_file_location("make_settings", ROOT / "docs" / "make_settings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python docs/make_settings.py"
    assert all(field.description for field in Settings.model_fields.values())
    assert set(re.findall(r"`(CAUSAL_[A-Z_0-9]+)`", module.page())) >= KNOWN


def test_the_image_asks_for_keys_and_runs_as_nobody():
    settings = settings_of(image_environment())
    settings.refuse_open_door()
    assert (settings.mode, settings.host) == ("shared", "0.0.0.0")
    stages = DOCKERFILE.split("\nFROM ")
    assert len(stages) == 3
    assert "\nUSER causal\n" in stages[2]
    assert "\nHEALTHCHECK " in stages[2]
    assert "pip" not in stages[2]
    for name in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE):
        assert all((ROOT / part).exists() for part in name.split())
    extras = re.findall(r'"\.\[([a-z,]+)\]"', DOCKERFILE)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {extra for group in extras for extra in group.split(",")} <= set(declared)


def test_everything_the_image_copies_passes_the_ignore_file():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    copied = {
        part
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE)
        for part in line.split()
    }
    assert copied == kept


def test_compose_runs_two_of_each_and_settings_hold():
    commands = {name: service["command"][0] for name, service in OWN.items()}
    assert sorted(commands.values()) == ["serve", "serve", "worker", "worker"]
    assert set(commands.values()) <= set(VERBS)
    for name, service in OWN.items():
        filled = {key: re.sub(r"\$\{(\w+):\?\}", "secret", value) for key, value in service["environment"].items()}
        settings = settings_of({**image_environment(), **filled})
        settings.refuse_open_door()
        assert settings.workers == 0
        assert settings.api_processes == list(commands.values()).count("serve")
        assert settings.database.startswith("postgresql+psycopg://causal:secret@database/")
        assert settings.storage_url.startswith("s3://")
        if commands[name] == "worker":
            assert settings.worker_id == name
            assert "disable" in service["healthcheck"]


def test_compose_holds_together():
    """Volumes, configs, dependencies and conditions refer to what is there; secrets come from outside."""
    conditions = {
        "service_healthy": lambda service: "test" in service.get("healthcheck", {}) or service.get("build"),
        "service_completed_successfully": lambda service: "restart" not in service,
    }
    for service in SERVICES.values():
        for name, wish in service.get("depends_on", {}).items():
            assert conditions[wish["condition"]](SERVICES[name])
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        for config in service.get("configs", []):
            assert config["source"] in COMPOSE["configs"]
        image = service["image"]
        assert service.get("build") or re.search(r":\d", image), image
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{([^}]+)\}", text)) == {"POSTGRES_PASSWORD:?", "STORE_SECRET:?"}
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"]


def test_kubernetes_workers_have_names_that_survive():
    secret = next(item for item in KUBERNETES if item["kind"] == "Secret")["stringData"]
    for name, pod in pods().items():
        (container,) = pod["containers"]
        given = {entry["name"]: entry.get("value") for entry in container["env"]}
        plain = {key: value for key, value in given.items() if value is not None}
        settings = settings_of({**image_environment(), **secret, **plain})
        settings.refuse_open_door()
        assert container["args"][0] in VERBS
        assert pod["securityContext"]["runAsUser"] == int(re.search(r"--uid (\d+)", DOCKERFILE).group(1))
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
        if "worker" in name:
            (stable,) = [entry for entry in container["env"] if entry["name"] == "CAUSAL_WORKER_ID"]
            assert stable["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
            assert settings.job_memory_bytes * settings.worker_studies <= 7 * 2**30  # of the container's 8
    assert {item["kind"] for item in KUBERNETES if "worker" in item["metadata"]["name"]} == {"StatefulSet", "Service"}


def test_the_unit_starts_what_exists():
    (command,) = re.findall(r"^ExecStart=(.+)$", UNIT, flags=re.MULTILINE)
    assert command.split()[0].endswith("/causal-service")
    assert command.split()[1] in VERBS
    environment = dict(re.findall(r"\b(CAUSAL_[A-Z_]+)=(\S+)", UNIT))
    assert settings_of(environment).workers == 1


def test_probes_reach_a_service_that_answers_to_its_name_only(tmp_path: Path):
    settings = Settings(data=tmp_path, mode="shared", hosts=("causal.example.com",))
    with TestClient(create_app(settings), base_url="http://10.1.2.3:8000") as pod:
        assert pod.get("/healthz").status_code == 200
        assert pod.get("/readyz").json()["ready"] is False
        assert pod.get("/").status_code == 403
        assert pod.get("/", headers={"Host": "causal.example.com"}).status_code == 200


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "docs/deployment/kubernetes.yaml"])
def test_no_file_names_a_package_index(name: str):
    assert "index-url" not in (ROOT / name).read_text(encoding="utf-8")
