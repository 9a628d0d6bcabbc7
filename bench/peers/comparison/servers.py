"""The engines of the peers, each started fresh on free ports of 127.0.0.1 with its data in a folder of the run, asked whether it
is durable, and stopped by its own process id.

Each gives a `Place`: what the Node driver is told, whose processes cost what, and how to learn the size of the data."""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from runner.engines import PATIENCE, Fault, postgres, stop

from .processes import folder_bytes

MODULES = Path(__file__).resolve().parents[1] / "node_modules"
RESTATE = MODULES / "@restatedev/restate-server-linux-x64/bin/restate-server"


@dataclass
class Place:
    address: dict
    disk_bytes: Callable[[], int]
    pids: dict = field(default_factory=dict)  # role: the root of its process tree


def free_ports(count):
    with contextlib.ExitStack() as sockets:
        opened = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in opened:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in opened]


def await_ready(process, is_ready, log):
    deadline = time.monotonic() + PATIENCE
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Fault(f"{process.args[0]} did not start: {Path(log).read_text()[-4000:]}")
        time.sleep(0.05)


@contextlib.contextmanager
def server(command, folder, is_ready):
    log = Path(folder) / "server.log"
    with open(log, "w") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        await_ready(process, is_ready, log)
        yield process
    finally:
        stop(process, signal.SIGTERM)


def postgres_database_bytes(url):
    done = subprocess.run(["psql", url, "-Atc", "SELECT pg_database_size(current_database())"], text=True, capture_output=True)
    return int(done.stdout)


@contextlib.contextmanager
def on_postgres(folder):
    with postgres(folder) as (url, pid):
        yield Place({"url": url}, lambda: postgres_database_bytes(url), {"database": pid})


@contextlib.contextmanager
def on_redis(folder):
    (port,) = free_ports(1)

    def ask(*question):
        return subprocess.run(["redis-cli", "-p", str(port), *question], text=True, capture_output=True).stdout.split()

    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "",
               "--appendonly", "yes", "--appendfsync", "always"]
    with server(command, folder, lambda: ask("PING") == ["PONG"]) as process:
        for setting, durable in (("appendonly", "yes"), ("appendfsync", "always")):
            if ask("CONFIG", "GET", setting) != [setting, durable]:
                raise Fault(f"Redis's {setting} is not {durable}: the figures would not be of durable jobs")
        yield Place({"host": "127.0.0.1", "port": port}, lambda: folder_bytes(Path(folder) / "appendonlydir"),
                    {"engine": process.pid})


RESTATE_CONFIGURATION = """
node-name = "bench"
base-dir = "{folder}/data"
listen-mode = "tcp"
bind-ip = "127.0.0.1"
bind-port = {node}
disable-telemetry = true
log-filter = "warn"
[ingress]
bind-port = {ingress}
[admin]
bind-port = {admin}
disable-web-ui = true
[worker.invoker]
concurrent-invocations-limit = 128  # its best: with 1,000, its default, every invocation waits for all the others
"""


@contextlib.contextmanager
def on_restate(folder):
    node, ingress, admin = free_ports(3)
    configuration = Path(folder) / "restate.toml"
    configuration.write_text(RESTATE_CONFIGURATION.format(folder=folder, node=node, ingress=ingress, admin=admin))
    command = [RESTATE, "--no-logo", "--config-file", configuration]
    dump = subprocess.run([*command, "--dump-config"], text=True, capture_output=True, cwd=folder).stdout
    if "rocksdb-disable-wal-fsync = false" not in dump:
        raise Fault("Restate does not sync its log: the figures would not be of durable jobs")

    def is_ready():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{admin}/health", timeout=1) as answer, \
                    urllib.request.urlopen(f"http://127.0.0.1:{ingress}/restate/health", timeout=1) as other:
                return answer.status == other.status == 200
        except OSError:
            return False

    with server(command, folder, is_ready) as process:
        yield Place({"ingress": f"http://127.0.0.1:{ingress}", "admin": f"http://127.0.0.1:{admin}"},
                    lambda: folder_bytes(Path(folder) / "data"), {"engine": process.pid})


def missing_node_packages(*names):
    return [f"npm package {name}" for name in names if not (MODULES / name).is_dir()]


def missing_programs(*names):
    return [name for name in names if not shutil.which(name)]


def package_version(name):
    return json.loads((MODULES / name / "package.json").read_text())["version"]
