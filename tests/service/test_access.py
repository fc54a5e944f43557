"""Who may come in: keys, tokens of a real issuer over TLS, and how often."""

from __future__ import annotations

import json
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey

from causal_service.errors import CausalServiceError
from causal_service.service.access.oidc import Issuer
from causal_service.service.access.rates import Rates
from causal_service.service.settings import Settings
from causal_service.service.state import keys
from causal_service.service.state.database import Database

pytestmark = pytest.mark.slow


@pytest.fixture
def database(tmp_path):
    opened = Database(Settings(data=tmp_path).database)
    opened.migrate()
    yield opened
    opened.close()


def test_a_key_opens_until_it_expires_or_is_revoked(database):
    with database.system() as session:
        workspace = keys.ensure_workspace(session, "a").id
        key, text = keys.make_key(session, workspace, "x", "submit", None)
        expired = keys.make_key(session, workspace, "old", "admin", -1)[1]
    with database.system() as session:
        found = keys.verified(session, text)
        assert found is not None
        assert found[0].scopes == ["read", "submit"]
        assert keys.verified(session, expired) is None
        for wrong in (text[:-1], text + "x", f"cs.{key.id}.", "cs..", "", "x" * 5000, text.replace("cs.", "sc.")):
            assert keys.verified(session, wrong) is None
        secret = text.rpartition(".")[2]
        assert secret not in str(vars(found[0]))
        assert not keys.revoke_key(session, "another", key.id)
        assert keys.revoke_key(session, workspace, key.id)
        assert keys.verified(session, text) is None


def test_a_session_of_a_workspace_sees_and_writes_no_other(database):
    from causal_service.service.state.models import AuditEntry
    from causal_service.service.state.records import audit

    with database.system() as session:
        ours, theirs = (keys.ensure_workspace(session, name).id for name in ("ours", "theirs"))
    with database.workspace(ours) as session:
        audit(session, "me", "test", "x", "r", "a")
    with database.workspace(theirs) as session:
        assert session.query(AuditEntry).all() == []
        assert session.get(AuditEntry, 1) is None
        assert session.query(AuditEntry).update({"actor": "somebody"}) == 0
        assert session.query(AuditEntry).delete() == 0
    with pytest.raises(ValueError, match="another workspace"), database.workspace(theirs) as session:
        session.add(AuditEntry(workspace_id=ours, created=0, actor="", action="", target="", request_id="", address=""))
    with database.workspace(ours) as session:
        assert [entry.actor for entry in session.query(AuditEntry)] == ["me"]


def test_migrations_make_the_tables_of_the_models(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from causal_service.service.state.models import Base

    ours = set(Base.metadata.tables)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in ours}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_processes_share_a_rate():
    half = Rates(Settings(rate_reads="6/minute", rate_writes="1/minute", api_processes=2))
    for _ in range(3):
        half.count("read", "a")
    half.count("write", "a")
    for kind in ("read", "write"):
        with pytest.raises(CausalServiceError, match=r"often|many"):
            half.count(kind, "a")


def test_rates():
    rates = Rates(Settings(rate_reads="3/minute", rate_refusals="2/minute"))
    for _ in range(3):
        rates.count("read", "a")
    rates.count("read", "b")
    with pytest.raises(CausalServiceError) as refused:
        rates.count("read", "a")
    assert refused.value.code == "rate-limited"
    assert 1 <= refused.value.retry_after <= 60
    rates.count("refusal", "here")
    rates.refuse_guessing("here")
    rates.count("refusal", "here")
    with pytest.raises(CausalServiceError):
        rates.refuse_guessing("here")


def certificate(folder):
    """Write a self-signed certificate for 127.0.0.1; return the paths of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "issuer.pem", folder / "issuer.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


@pytest.fixture
def issuer(tmp_path, monkeypatch):
    """(address, its signing key) of an issuer that answers over TLS."""
    signing = ECKey.generate_key("P-256", {"kid": "one"}, auto_kid=False)
    pem, secret = certificate(tmp_path)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            place = f"https://127.0.0.1:{self.server.server_port}"
            content = (
                {"keys": [signing.as_dict(private=False)]} if "keys" in self.path else {"jwks_uri": f"{place}/keys"}
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    yield f"https://127.0.0.1:{server.server_port}", signing
    server.shutdown()


def test_tokens_of_the_issuer(issuer):
    address, signing = issuer
    checked = Issuer(Settings(oidc_issuer=address, oidc_audience="us"))
    now = int(time.time())
    good = {"iss": address, "aud": "us", "sub": "ann", "exp": now + 60, "workspace": "ops", "scope": "openid submit"}

    def claims(key=signing, algorithm="ES256", **changed):
        return checked.claims(jwt.encode({"alg": algorithm, "kid": "one"}, {**good, **changed}, key))

    found = claims()
    assert (found.subject, found.workspace, found.scopes) == ("oidc:ann", "ops", ("read", "submit"))
    assert claims(scope=["admin"]).scopes == ("read", "submit", "admin")
    assert claims(key=ECKey.generate_key("P-256", {"kid": "one"}, auto_kid=False)) is None
    for wrong in ({"aud": "them"}, {"iss": "https://other"}, {"exp": now - 100}, {"scope": "openid"}, {"workspace": 7}):
        assert claims(**wrong) is None, wrong
    for text in ("", "a.b.c", "cs.key_x.y", jwt.encode({"alg": "ES256"}, good, signing)[:-3]):
        assert checked.claims(text) is None
