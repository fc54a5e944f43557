"""Files are complete or absent, what they were stored as, and gone when removed; on disk and in an S3 store."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from causal_service.errors import CausalServiceError
from causal_service.service.settings import Settings
from causal_service.service.storage.store import hash_of, open_store

CONTENT = b"0123456789" * 250_000


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def kept(request, tmp_path):
    """(store, spool) on disk or in the S3 server of the tests."""
    settings = Settings(data=tmp_path)
    if request.param == "s3":
        server = request.getfixturevalue("s3_server")
        settings = Settings(data=tmp_path, storage_url="s3://studies/store-test", s3_endpoint=server)
    return open_store(settings), settings.spool


def test_what_goes_in_comes_out(kept, tmp_path):
    store, spool = kept
    source = spool / "one"
    source.write_bytes(CONTENT)
    sha256 = hash_of(source)
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()
    store.adopt(source, "w/panels/p/x")
    assert not source.exists()
    assert store.read("w/panels/p/x") == CONTENT
    assert max(map(len, store.chunks("w/panels/p/x"))) <= 2**20
    store.fetch("w/panels/p/x", tmp_path / "back", sha256)
    assert (tmp_path / "back").read_bytes() == CONTENT
    with pytest.raises(CausalServiceError):
        store.fetch("w/panels/p/x", tmp_path / "damaged", "0" * 64)


def test_removal_takes_all_of_it_and_nothing_else(kept):
    store, spool = kept
    for key in ("w/panels/p/a", "w/panels/p/b", "w/panels/pp/a"):
        (spool / "one").write_bytes(b"x")
        store.adopt(spool / "one", key)
    store.remove("w/panels/p")
    store.remove("w/panels/p")
    assert store.read("w/panels/pp/a") == b"x"
    for key in ("w/panels/p/a", "w/panels/p/b"):
        with pytest.raises(FileNotFoundError):
            store.read(key)
    store.check()


def test_a_key_cannot_lead_elsewhere(kept):
    store, _ = kept
    for key in ("../x", "a/../../x", ""):
        with pytest.raises(ValueError, match="not a key"):
            store.read(key)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB; needs the right to mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False
    ).returncode:
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_leaves_nothing_half_visible(small_disk: Path, tmp_path):
    store = open_store(Settings(data=tmp_path, storage_url=f"file://{small_disk}"))
    (tmp_path / "large").write_bytes(CONTENT)
    with pytest.raises(CausalServiceError) as refused:
        store.adopt(tmp_path / "large", "w/panels/p/x")
    assert refused.value.code == "no-space"
    with pytest.raises(FileNotFoundError):
        store.read("w/panels/p/x")
    assert [name for _, _, files in os.walk(small_disk) for name in files] == []
