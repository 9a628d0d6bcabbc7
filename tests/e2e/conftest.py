"""Fixtures of the end-to-end tests: the real binary, seen from outside only.

TROUPE_BINARY names the binary. Every server listens on a free port of 127.0.0.1, keeps its data in a folder of its own and
is stopped by its pid; what it logged is shown when a test fails.
"""

import os
from pathlib import Path

import pytest

from postgres import Postgres
from receiver import Receiver
from troupe_server import CommandLine, TroupeServer


@pytest.fixture(scope="session")
def troupe():
    """The path of the binary."""
    path = os.environ.get("TROUPE_BINARY")
    if not path or not os.access(path, os.X_OK):
        pytest.exit("TROUPE_BINARY must name the troupe binary", returncode=2)
    return Path(path).resolve()


@pytest.fixture
def make_server(troupe, tmp_path, request):
    """Makes servers that are not started yet; those of a test have separate folders. TROUPE_E2E_STORE=postgresql: and a
    database each, where the test does not say what they have."""
    servers = []
    on_postgresql = os.environ.get("TROUPE_E2E_STORE") == "postgresql"

    def make(**options):
        if on_postgresql:
            options.setdefault("database_url", request.getfixturevalue("postgres").fresh_database())
        folder = tmp_path / f"server-{len(servers)}"
        folder.mkdir()
        servers.append(TroupeServer(troupe, folder, **options))
        return servers[-1]

    request.node.stash[SERVERS] = servers
    yield make
    for server in servers:
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.fixture
def server(make_server):
    """A server with an empty configuration, ready."""
    return make_server().start()


@pytest.fixture
def http(server):
    return server.http


@pytest.fixture
def cli(troupe, server):
    """The command line, talking to `server`."""
    return CommandLine(troupe, server)


@pytest.fixture
def offline_cli(troupe):
    """The command line without a server."""
    return CommandLine(troupe)


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def postgres():
    postgres = Postgres()
    yield postgres
    postgres.stop()


SERVERS = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for number, server in enumerate(item.stash.get(SERVERS, [])):
            report.sections.append((f"log of server {number}", server.log()[-8000:] if server.log_file.exists() else ""))
