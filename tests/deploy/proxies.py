"""nginx and Caddy with the files of ``deploy/``; only names, ports and places of certificates are other ones."""

import datetime
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.settings import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
HOST = "graft.localhost"
"""Browsers take it for this machine; other programs are told the address."""
NGINX_MAIN = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/proxy.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A running proxy.

    Args:
        url: of Graft behind it, by https. plain: its port for http. certificate: self-signed.
    """

    url: str
    port: int
    plain: int
    certificate: Path

    def client(self, address: str = "127.0.0.1", **options: object) -> httpx.Client:
        """A client at a loopback address that verifies the certificate and knows where ``HOST`` is."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        return httpx.Client(transport=_Named(verify=context, local_address=address), timeout=60, **options)


class _Named(httpx.HTTPTransport):
    """Connects to 127.0.0.1 for ``HOST``, which only browsers resolve."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        there = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": HOST},
        )
        return super().handle_request(there)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for a name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(names)
        .issuer_name(names)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "fullchain.pem", folder / "privkey.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return public, private


@contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """A folder in which whoever runs the proxies may write: the user ``nobody`` where the tests are run by root."""
    folder = Path(tempfile.mkdtemp(prefix="graft-proxy-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare_nginx(folder: Path, base: str, graft: int, tls: int, plain: int) -> list[str]:
    """Write the configuration; the command."""
    site = (DEPLOY / "nginx" / ("graft-below-a-path.conf" if base else "graft.conf")).read_text()
    site = _replaced(site, "lab.example.org" if base else "graft.example.org", HOST)
    site = _replaced(site, "listen 80;", f"listen 127.0.0.1:{plain};")
    site = _replaced(site, "listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;")
    site = _replaced(site, "/etc/ssl/graft/", f"{folder}/")
    site = _replaced(site, "/etc/nginx/snippets/graft-proxy.conf", f"{folder}/graft-proxy.conf")
    (folder / "site.conf").write_text(site)
    passing = (DEPLOY / "nginx" / "graft-proxy.conf").read_text()
    (folder / "graft-proxy.conf").write_text(_replaced(passing, "http://127.0.0.1:8501", f"http://127.0.0.1:{graft}"))
    return nginx(folder)


def nginx(folder: Path) -> list[str]:
    """The command, for a folder with a ``site.conf``."""
    (folder / "nginx.conf").write_text(NGINX_MAIN.format(folder=folder))
    return [find("nginx"), "-p", str(folder), "-e", f"{folder}/proxy.log", "-c", f"{folder}/nginx.conf"]


def prepare_caddy(folder: Path, base: str, graft: int, tls: int, plain: int) -> list[str]:
    """Write the configuration, with the certificate in place of one that Caddy would get; the command."""
    site = (DEPLOY / "caddy" / ("Caddyfile.below-a-path" if base else "Caddyfile")).read_text()
    name = "lab.example.org" if base else "graft.example.org"
    site = _replaced(site, f"\n{name} {{", f"\n{HOST} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem")
    site = _replaced(site, "reverse_proxy 127.0.0.1:8501", f"reverse_proxy 127.0.0.1:{graft}")
    top = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {tls}\n\tdefault_bind 127.0.0.1\n}}\n"
    (folder / "Caddyfile").write_text(top + site)
    return [find("caddy"), "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]


PREPARE = {"nginx": prepare_nginx, "caddy": prepare_caddy}


@contextmanager
def running(kind: str, graft: int, base: str = "") -> Iterator[Proxy]:
    """nginx or Caddy in front of a Graft at a port of this machine, as a user without rights."""
    with folder_of_nobody() as folder:
        public, _ = certificate(folder, HOST)
        tls, plain = free_ports(2)
        command = PREPARE[kind](folder, base, graft, tls, plain)
        with answering(command, folder, tls):
            yield Proxy(url=f"https://{HOST}:{tls}{base}", port=tls, plain=plain, certificate=public)


@contextmanager
def answering(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """A server as a user without rights, from when its port answers; what it says is in ``*.log`` of the folder."""
    with (folder / "output.log").open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": f"{folder}/data"},
            **_as_nobody(folder),
        )
    try:
        _wait_for_port(port, process, folder)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def find(name: str) -> str:
    """Debian has them in /usr/sbin, which is not on everybody's path.

    Raises:
        RuntimeError: it is not installed.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if found is None:
        raise RuntimeError(f"{name} is not installed: make proxies")
    return found


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _as_nobody(folder: Path) -> dict[str, object]:
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _replaced(text: str, old: str, new: str) -> str:
    assert old in text, f"{old!r} is no longer in the file that is tested"
    return text.replace(old, new)


def _wait_for_port(port: int, process: subprocess.Popen, folder: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    logs = "\n".join(each.read_text() for each in folder.glob("*.log"))
    raise RuntimeError(f"The proxy does not answer:\n{logs}")
