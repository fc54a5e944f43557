"""Every operation of the OpenAPI description, tried by schemathesis against a running service. See question.md."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from running_service import Service, panel_csv  # noqa: E402

RESULT = HERE / "routes.json"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main() -> None:
    """Start a service with one panel and one study, let schemathesis try it, keep the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=shutil.which("schemathesis"), help="path of schemathesis")
    parser.add_argument("--examples", type=int, default=100, help="most examples an operation")
    parser.add_argument("--quick", action="store_true", help="ten examples an operation, nothing kept")
    chosen = parser.parse_args()
    if chosen.program is None:
        print("skipped: schemathesis is not on this machine (an environment of its own; --program names it)")
        return
    folder = Path(tempfile.mkdtemp(prefix="causal-routes-"))
    service = Service(folder, upload_wait="0", free_bytes="0")
    try:
        for role in service.roles:
            service.start(role)
        service.ready()
        panel = service.upload(panel_csv())
        service.client.post("/v1/studies", json={"panel": panel, "outcome": ["y"], "resamples": 20})
        service.client.get("/openapi.json", timeout=120)
        words = [
            chosen.program, "run", f"http://127.0.0.1:{service.port}/openapi.json", "--checks", CHECKS,
            "--max-examples", str(10 if chosen.quick else chosen.examples), "--seed", "1", "--request-timeout", "60",
            "--phases", "examples,coverage,fuzzing", "--no-color",
        ]  # fmt: skip
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        ran = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        statuses = [line for line in service.lines() if '"event": "request"' in line]
        counts: dict[str, int] = {}
        for line in statuses:
            status = str(json.loads(line)["status"])
            counts[status] = counts.get(status, 0) + 1
        found = {
            "requests": len(statuses), "by_status": dict(sorted(counts.items())),
            "internal_errors": service.logs().count("internal error"), "exit": ran.returncode,
            "summary": re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout)[-3000:].splitlines(),
        }  # fmt: skip
        print(ran.stdout[-12000:])
        print(json.dumps({k: v for k, v in found.items() if k != "summary"}, indent=1))
        if not chosen.quick:
            RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
