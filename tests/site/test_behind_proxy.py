"""The app as docs/serve.md has it for others: accounts in PostgreSQL, gunicorn or one process, and a proxy that speaks https before it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from browsing import code_of, free_port
from helpers import ROOT
from postgres import APPLICATION, OWNER, Server, running, why_not

pytestmark = [pytest.mark.slow, pytest.mark.process]
HOST, PHRASE = "trial.example.org", "lanterns over the harbour"


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of the proxy's own."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "proxy.pem").write_bytes(secret + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "proxy.pem")
    return context


@contextmanager
def proxy(folder: Path, behind: int) -> Iterator[int]:
    """A proxy by https, as docs/serve.md asks of one: it says itself whose request it is, and that it came by https."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def passed_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = {k: v for k, v in self.headers.items() if not k.lower().startswith("x-forwarded")}
            said |= {"X-Forwarded-For": self.client_address[0], "X-Forwarded-Proto": "https"}
            with closing(HTTPConnection("127.0.0.1", behind, timeout=30)) as connection:
                connection.request(self.command, self.path, body or None, said)
                answer = connection.getresponse()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding"):
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.read())

        do_GET = do_POST = passed_on  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = certificate(folder).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if reason := why_not():
        pytest.skip(reason)
    with running(durable=False) as found:
        yield found


def database(server: Server) -> str:
    """As docs/serve.md has it: the log's table is its owner's, and the app's user makes the accounts' tables."""
    from equipoise.files.log_address import address_of
    from equipoise.files.log_store import prepare

    name = server.database()
    prepare(address_of(server.url(name, OWNER)), APPLICATION)
    server.psql(name, f"GRANT CREATE ON SCHEMA public TO {APPLICATION}")
    return server.url(name)


MAIN = "from equipoise.cli.main import main; main()"


@contextmanager
def served(kind: str, folder: Path, accounts: str) -> Iterator[tuple[int, str]]:
    """The app behind a proxy: its port, and the first administrator's link."""
    port, env = free_port(), {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    common = [sys.executable, "-c", MAIN, "serve", "north", "--folder", str(folder), "--behind-proxy", HOST, "--administrator", "ada", "--json"]  # fmt: skip
    more = ["--database", accounts] if accounts else []
    done = subprocess.run([*common, *more, "--set-up-only"], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    command = [*common, "--port", str(port)]
    if kind == "gunicorn":
        command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}", "--no-control-socket", f'equipoise.site.serving:wsgi("{folder}", "{HOST}")']  # fmt: skip
    with (folder.parent / "said").open("wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out)
        try:
            for _ in range(1200):
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, (folder.parent / "said").read_text()
                time.sleep(0.1)
            yield port, json.loads(done.stdout)["links"]["ada"]
        finally:
            process.terminate()
            process.wait(20)


class Visitor:
    """A browser by https, that says what it likes of itself."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port, self.headers, self.cookies = port, headers, {}  # type: int, dict[str, str], dict[str, str]
        self.said: list[str] = []

    def ask(
        self, address: str, form: dict[str, str] | None = None, host: str = HOST
    ) -> tuple[int, dict[str, str], str]:
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        said = {
            "Host": host,
            "Origin": f"https://{host}",
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
            **self.headers,
        }
        body = urlencode(form) if form is not None else None
        if body is not None:
            said["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(HTTPSConnection("127.0.0.1", self.port, context=anybody, timeout=30)) as connection:
            connection.request("POST" if form is not None else "GET", address, body, said)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    self.said.append(value)
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def send(self, address: str, page: str = "", **form: str) -> tuple[int, dict[str, str], str]:
        """Send the form of a page, which is asked for unless it is at hand."""
        page = page or self.ask(address)[2]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, page[-800:]
        return self.ask(address, {"csrfmiddlewaretoken": token[1], **form})


@pytest.mark.parametrize(
    ("kind", "where"), [("gunicorn", "postgresql"), ("one process", "postgresql"), ("gunicorn", "sqlite")]
)
def test_https_by_a_proxy_from_the_first_link_to_a_grant(kind: str, where: str, tmp_path: Path, request: Any) -> None:
    accounts = database(request.getfixturevalue("server")) if where == "postgresql" else ""
    with served(kind, tmp_path / "site", accounts) as (port, link), proxy(tmp_path, port) as outside:
        assert link.startswith(f"https://{HOST}/welcome/")
        ada = Visitor(
            outside, **{"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
        )
        status, headers, _ = ada.send(link.removeprefix(f"https://{HOST}"), new_password1=PHRASE, new_password2=PHRASE)
        assert (status, headers["Location"]) == (302, "/account/login/")
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
        status, headers, _ = ada.send("/account/login/", login="ada", password="not the right one")
        assert status == 200
        status, headers, _ = ada.send("/account/login/", login="ada", password=PHRASE)
        assert (status, headers["Location"]) == (302, "/")
        assert ada.ask("/")[1]["Location"] == "/account/factors/"
        app = "/account/factors/totp/activate/"
        asked = ada.ask(app)[1].get("Location")
        if asked is not None:  # who one is
            assert ada.send(asked, password=PHRASE)[0] == 302
        page = ada.ask(app)[2]
        secret = re.search(r'id="authenticator_secret"[^>]*value="([^"]+)"', page)
        assert secret is not None
        assert ada.send(app, page, code=code_of(secret[1]))[0] == 302
        page = ada.ask("/people/grant/")[2]
        key = re.search(r'name="key" value="([^"]+)"', page)
        assert key is not None
        assert ada.send("/people/grant/", key=key[1], person="sue", role="sponsor")[1]["Location"] == "/people/"
        assert "sue" in ada.ask("/people/")[2]

        assert {re.sub("=[^;]*", "", c, count=1) for c in ada.said if "expires" not in c} <= {
            "__Host-csrf; HttpOnly; Path=/; SameSite=Lax; Secure", "__Host-session; HttpOnly; Path=/; SameSite=Lax; Secure",
        }  # fmt: skip
        assert Visitor(outside).ask("/account/login/", host="evil.example")[0] == 400
        forged = ada.ask("/people/grant/", {"key": "x", "person": "eve", "role": "sponsor"})
        assert forged[0] == 403
        access = ada.ask("/access/")[2]
        assert "failed to log in" in access
        assert "6.6.6.6" not in access
        assert "127.0.0.1" in access

        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as plain:  # past the proxy, without https
            plain.request("GET", "/account/login/", headers={"Host": HOST})
            answer = plain.getresponse()
            assert (answer.status, answer.getheader("Location")) == (301, f"https://{HOST}/account/login/")
    said = (tmp_path / "said").read_text()
    assert "Internal Server Error" not in said
    assert PHRASE not in said


@pytest.mark.parametrize("kind", ["gunicorn", "one process"])
def test_what_is_too_long_is_refused_by_a_page(kind: str, tmp_path: Path) -> None:
    """5 MB with the page that says so; 2 GB at once, and unread."""
    with served(kind, tmp_path / "site", "") as (port, _):
        head = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"}
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as five:
            five.request(
                "POST", "/screen/", b"x" * 5_000_000, {**head, "Content-Type": "application/x-www-form-urlencoded"}
            )
            answer = five.getresponse()
            assert answer.status == 413
            assert "No page of this app takes files" in answer.read().decode()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as two:
            lines = [
                "POST /screen/ HTTP/1.1",
                *(f"{k}: {v}" for k, v in head.items()),
                "Content-Length: 2147483648",
                "",
                "",
            ]
            two.sendall("\r\n".join(lines).encode())
            said = b""
            while chunk := two.recv(65536):
                said += chunk
        assert said.startswith(b"HTTP/1.1 413")
        assert b"No page of this app takes files" in said
        assert b"no-store" in said


@pytest.mark.parametrize("kind", ["gunicorn", "one process"])
def test_a_request_of_two_lengths_is_refused(kind: str, tmp_path: Path) -> None:
    """Or read by one of them: in no case is what is left of it another request."""
    with served(kind, tmp_path / "site", "") as (port, _), socket.create_connection(("127.0.0.1", port), 10) as client:
        lines = [
            "POST /account/login/ HTTP/1.1",
            f"Host: {HOST}",
            "X-Forwarded-Proto: https",
            "Content-Length: 60",
            "Transfer-Encoding: chunked",
        ]
        smuggled = f"GET /account/login/ HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
        client.sendall(("\r\n".join([*lines, "", ""]) + "0\r\n\r\n").encode())
        client.sendall(("GET /none/ HTTP/1.1\r\n" + smuggled).encode())
        client.settimeout(3)
        said = b""
        with contextlib.suppress(OSError):
            while chunk := client.recv(65536):
                said += chunk
        assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403", b"HTTP/1.0 400"))
        assert b" 200 OK" not in said


def test_gunicorn_serves_no_folder_of_another_version(tmp_path: Path) -> None:
    import sqlite3

    folder = tmp_path / "site"
    with served("gunicorn", folder, ""):
        pass
    with closing(sqlite3.connect(folder / "accounts.sqlite3")) as db:
        db.execute("DELETE FROM django_migrations WHERE app = 'equipoise_site'")
        db.commit()
    code = f"from equipoise.site.serving import wsgi; wsgi({str(folder)!r}, {HOST!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=False
    )  # fmt: skip
    assert "tables of another version" in done.stderr
