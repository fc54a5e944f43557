"""The keys on the command line, large uploads to the real program, and traces to a real collector."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from causal_service.cli import main

pytestmark = pytest.mark.slow


def test_keys_on_the_command_line(tmp_path, capsys):
    def shell(*words: str):
        capsys.readouterr()
        code = main(["apikey", *words, "--workspace", "ops", "--data", str(tmp_path), "--lang", "zh"])
        return code, *capsys.readouterr()

    assert shell("list")[0] == 2
    code, text, note = shell("create", "--label", "夜间任务", "--scope", "read", "--days", "30")
    assert (code, text.startswith("cs.key_"), "只显示这一次" in note) == (0, True, True)
    (shown,) = json.loads(shell("list", "--json")[1])
    assert (shown["label"], shown["scopes"], shown["state"]) == ("夜间任务", ["read"], "valid")
    assert text.strip().rpartition(".")[2] not in shell("list")[1]
    assert shell("revoke", "--key", shown["id"])[0] == 0
    assert "已吊销" in shell("list")[1]
    assert shell("revoke", "--key", shown["id"])[0] == 2
    code, _, refused = shell("creat")
    assert (code, "create" in refused) == (2, True)
    assert main(["apikey", "create", "--data", str(tmp_path), "--lang", "en"]) == 2
    assert "--workspace" in capsys.readouterr().err


def peak(pid: int) -> int:
    """Largest memory a process has had so far, bytes."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_large_upload_is_streamed(program):
    """400 MB are read to the last byte (the refusal is about their cells) without growing the process."""
    service = program(CAUSAL_WORKERS="1", CAUSAL_CELLS="50000000")
    service.caller.upload()
    before = peak(service.process.pid)
    block = b"plantA,2024-01,1.23456,1.23456\n" * 32768

    def body():
        yield b"plant,month,x,y\n"
        for _ in range(400):
            yield block

    answer = service.client.post("/v1/panels", content=body(), headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-many-cells")
    assert peak(service.process.pid) - before < 60 * 2**20
    service.environment["CAUSAL_UPLOAD_BYTES"] = "1000000"
    service.stop()
    service.start()
    answer = service.client.post("/v1/panels", content=body(), headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert not list((Path(service.environment["CAUSAL_DATA"]) / "spool").iterdir())


def test_traces_reach_their_collector():
    heard: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = f"""
from causal_service.service.observing.traces import set_up_traces, span
from causal_service.service.settings import Settings
set_up_traces(Settings(trace_endpoint="http://127.0.0.1:{server.server_port}/v1/traces"), "causal-test")
with span("study", study="std_x"):
    pass
from opentelemetry import trace
trace.get_tracer_provider().force_flush()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    server.shutdown()
    ((path, body),) = heard
    assert path == "/v1/traces"
    assert b"causal-test" in body
    assert b"std_x" in body
