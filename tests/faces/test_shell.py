"""The shell face as a program: help, language, progress, pipes, interruptions, and files that appear whole or not."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from causal_service.cli import main
from causal_service.cli.arguments import FORMATS, METHODS, VERBS
from causal_service.cli.language import language_of
from causal_service.cli.progress import Progress
from causal_service.discovery.discover import METHODS as KNOWN_METHODS
from causal_service.errors import CallError
from causal_service.report.writing import refuse_unwritable, write_file, write_files

PROGRAM = [sys.executable, "-m", "causal_service"]
STUDY = ("study", "plants.csv", "--dictionary", "indicators.yaml", "--outcome", "satisfaction", "--resamples", "20")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# --- help ------------------------------------------------------------------------------------------------------------


def test_help_lists_every_verb(shell):
    answer = shell("--help")
    assert (answer.code, answer.err) == (0, "")
    for verb in VERBS:
        assert f"\n  {verb} " in answer.out
    assert "Exit codes" in answer.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_its_options(shell, verb):
    answer = shell(verb, "--help")
    assert answer.code == 0
    for option in VERBS[verb].options:
        assert option in answer.out


def test_contract_options_are_there():
    names = "entity period dictionary outcome lever lags horizon resamples seed weight knowledge lang json"
    for verb in ("check", "study"):
        for name in names.split(" "):
            assert f"--{name}" in VERBS[verb].options


def test_readme_names_every_verb_and_option():
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    for name, verb in VERBS.items():
        assert f"| `{name} " in readme
        assert [option for option in verb.options if not re.search(rf"{option}[ `]", readme)] == []


def test_version(shell):
    from importlib.metadata import version

    assert shell("--version").out == f"causal-service {version('causal-service')}\n"


def test_help_needs_nothing_heavy():
    code = (
        "import sys; from causal_service.cli import main; main(['study', '--help']);"
        "print(sorted({'numpy', 'pandas', 'scipy', 'numba', 'yaml', 'jinja2'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("[]\n")


def test_methods_and_formats_offered_exist():
    assert METHODS == KNOWN_METHODS
    assert FORMATS == ("html",)


# --- language --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "environment", "lang"),
    [
        ((), {}, "en"),
        ((), {"LANG": "zh_CN.UTF-8"}, "zh"),
        ((), {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ((), {"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "de_DE"}, "zh"),
        (("study", "--lang", "en"), {"LANG": "zh_CN"}, "en"),
        (("study", "--lang=zh"), {"LANG": "en_US"}, "zh"),
        (("study", "--lang", "fr"), {"LANG": "zh_CN"}, "zh"),
        (("--lang",), {}, "en"),
    ],
)
def test_language(words, environment, lang):
    assert language_of(words, environment) == lang


@pytest.mark.parametrize(("lang", "word"), [("zh", "要改善"), ("en", "To improve")])
def test_study_speaks_the_language_asked_for(shell, lang, word):
    answer = shell(*STUDY, "--lang", lang)
    assert word in answer.out
    assert ("满意度" in answer.out) == (lang == "zh")


def test_output_fits_the_page(shell):
    for lang in ("zh", "en"):
        lines = shell("check", *STUDY[1:4], "--lang", lang).out.splitlines()
        widths = [sum(2 if ord(char) > 0x2E7F else 1 for char in line) for line in lines]
        assert max(widths) <= 102  # 100 and closing punctuation


# --- progress --------------------------------------------------------------------------------------------------------


def test_progress_in_plain_lines_counts_draws(tmp_path):
    stream = io.StringIO()
    (tmp_path / "kernel.nbi").touch()
    with Progress("en", stream, compiled=tmp_path) as show:
        show("read", 0, 1)
        for done in range(201):
            show("discover", done, 200)
    assert stream.getvalue().splitlines() == [
        "Reading and checking the panel",
        "Learning the graph",
        *(f"Learning the graph: {done} of 200 resamples" for done in (50, 100, 150, 200)),
    ]


def test_progress_on_a_terminal_is_one_line_that_goes_away():
    stream = Terminal()
    with Progress("zh", stream) as show:
        for done in range(3):
            show("discover", done, 2)
    assert "\n" not in stream.getvalue()
    assert "1/2" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[2K")


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_progress_says_that_the_first_run_compiles(kind, tmp_path):
    def said() -> list[str]:
        stream = kind()
        with Progress("en", stream, compiled=tmp_path) as show:
            for stage in ("load", "read", "discover"):
                show(stage, 0, 2)
            show("discover", 1, 2)
        return [line for line in re.split("\n|\r\x1b\\[2K", stream.getvalue()) if line]

    hint = "(the first run on a machine compiles, about a minute in all)"
    assert [hint in line for line in said()] == [False, True, True, False]
    (tmp_path / "kernel.nbi").touch()
    assert not any(hint in line for line in said())


def test_progress_without_a_stream_is_silent(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with Progress("en") as show:
        show("read", 0, 1)


def test_progress_never_reaches_stdout(shell):
    answer = shell(*STUDY)
    assert "Learning the graph: 20 of 20 resamples" in answer.err
    assert "resamples" not in answer.out.splitlines()[0]


# --- pipes and interruptions -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")
def test_a_reader_that_leaves_is_no_error(folder):
    run = subprocess.Popen([*PROGRAM, *STUDY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stdout.close()
    noise = run.stderr.read()
    assert run.wait() == 141
    assert "Traceback" not in noise
    assert "Exception" not in noise


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")
def test_interrupted_without_traceback_and_without_files(folder):
    words = [*PROGRAM, *STUDY[:-1], "100000", "--out", "result"]
    run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stderr.readline() == "Loading\n"
    time.sleep(0.2)
    run.send_signal(signal.SIGINT)
    out, noise = run.communicate(timeout=60)
    assert (run.returncode, out) == (130, "")
    assert "Interrupted" in noise
    assert "Traceback" not in noise
    assert not Path("result").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")
def test_ended_by_a_scheduler_it_leaves_no_temporary_files(folder, tmp_path):
    """Rows of a panel that is read in pieces stand in the temporary folder while a study runs."""
    pd.read_csv("plants.csv").to_parquet("plants.parquet", index=False)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    words = [*PROGRAM, "study", "plants.parquet", *STUDY[2:-1], "100000", "--stream", "yes", "--out", "result"]
    run = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(scratch)})
    while not any(scratch.iterdir()):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.05)
    time.sleep(0.5)
    run.send_signal(signal.SIGTERM)
    noise = run.communicate(timeout=60)[1]
    assert run.returncode == 143
    assert "Traceback" not in noise
    assert not any(scratch.iterdir())
    assert not Path("result").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")
def test_interrupted_inside_source_text_that_a_library_executes(tmp_path):
    """As ``dataclass`` executes some; a module that is run by name then dies of the signal unless CPython is told."""
    (tmp_path / "program.py").write_text(
        "import sys\n"
        "import causal_service.cli as cli\n"
        "cli.parsed = lambda words: exec('raise KeyboardInterrupt')\n"
        "sys.exit(cli.main(['check']))\n"
    )
    words = [sys.executable, "-m", "program"]
    run = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (130, "")
    assert "Traceback" not in run.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_standard_output_is_said(folder):
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [*PROGRAM, "check", *STUDY[1:4]], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert run.returncode == 2
    assert "Cannot write to standard output" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.slow
def test_output_is_utf8_wherever_it_goes(folder):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    words = [*PROGRAM, "check", *STUDY[1:4], "--lang", "zh"]
    run = subprocess.run(words, env=environment, capture_output=True, check=True)
    assert "数据检查" in run.stdout.decode("utf-8")
    assert b"\r" not in run.stdout


# --- files -----------------------------------------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_files_appear_in_new_folders_and_replace_old_ones(tmp_path):
    target = tmp_path / "a" / "b"
    write_files(target, {"one": "1", "two": "2"})
    write_files(target, {"two": "2\r\n", "three": "三"})
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {
        "one": b"1",
        "two": b"2\r\n",
        "three": "三".encode(),
    }


def test_all_files_or_none(tmp_path):
    """The last file cannot be put in place: the first is as it was, and nothing else is left."""
    (tmp_path / "one").write_text("old")
    (tmp_path / "two").mkdir()
    with pytest.raises(CallError) as caught:
        write_files(tmp_path, {"new": "n", "one": "1", "two": "2"})
    assert caught.value.code == "cannot-write"
    assert tree(tmp_path) == {"one": "old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_single_file_below_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    for write in (
        lambda: write_file(tmp_path / "file" / "page.html", ""),
        lambda: refuse_unwritable(tmp_path / "file"),
    ):
        with pytest.raises(CallError) as caught:
            write()
        assert caught.value.code == "cannot-write"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs /dev/null")
def test_devices_are_written_to_directly(tmp_path):
    write_file("/dev/null", "nothing")
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(CallError):
        refuse_unwritable(tmp_path / "result")
    with pytest.raises(CallError):
        write_files(tmp_path / "result", {"one": "1"})


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="file size limits as POSIX has them")
def test_nothing_is_left_when_the_disk_fills(folder):
    """A limit on file size stands in for the full disk: study.json does not fit."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from causal_service.cli import main; import causal_service.pipeline, causal_service.report.html;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000));"
        f"sys.exit(main({[*STUDY, '--out', 'deep/result']!r}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 2, run.stderr
    assert "Cannot write to 'deep/result'" in run.stderr
    assert run.stdout == ""
    assert sorted(os.listdir()) == ["indicators.yaml", "plants.csv"]


def test_files_are_announced_on_stderr(shell):
    answer = shell(*STUDY, "--out", "result")
    assert "Written to result: study.json" in answer.err
    assert "Written" not in answer.out


def test_module_and_program_are_the_same(folder):
    run = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("causal-service ")
    assert main(["nope"]) == 2
