"""The two databases, and a server of the real binary over each: started fresh, stopped by their own process ids."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds, for anything that starts or stops


class Fault(Exception):
    """Why there are no figures."""


def stop(process, signal_number):
    """Asks a process of ours to end, makes it end if it does not, and gives its exit code."""
    if process.poll() is None:
        process.send_signal(signal_number)
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Fault(f"process {process.pid} did not stop within {PATIENCE} s")


@contextlib.contextmanager
def sqlite(folder):
    """(database URL, pid of the database): SQLite lives inside the server."""
    yield f"sqlite:{folder}/troupe.db", None


@contextlib.contextmanager
def postgres(_folder):
    """A cluster of its own with fsync on, by the script that the tests use. Ends when the pipe to its holder is closed."""
    holder = subprocess.Popen(
        [ROOT / "tests/store/with_postgres.sh", "sh", "-c", 'echo "$TROUPE_TEST_POSTGRES"; read -r _'],
        env=os.environ | {"TROUPE_TEST_POSTGRES_FSYNC": "on"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = holder.stdout.readline().strip()
        if not url:
            raise Fault("PostgreSQL did not start")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            value = subprocess.run(["psql", url, "-Atc", f"SHOW {setting}"], text=True, capture_output=True).stdout.strip()
            if value != "on":
                raise Fault(f"PostgreSQL's {setting} is {value or 'unknown'}: the figures would not be of durable jobs")
        yield url, holder.pid
    finally:
        holder.stdin.close()
        holder.wait(PATIENCE)


ENGINES = {"sqlite": sqlite, "postgresql": postgres}


@contextlib.contextmanager
def temporary_folder(may_be_volatile):
    folder = tempfile.mkdtemp(prefix="troupe-bench.")
    try:
        kind = subprocess.run(["stat", "-f", "-c", "%T", folder], text=True, capture_output=True).stdout.strip()
        if kind in ("tmpfs", "ramfs") and not may_be_volatile:
            raise Fault(f"{folder} is in memory ({kind}), where nothing is durable; set TMPDIR to a folder on a disk")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """`troupe serve` on a free port of the loopback interface, with the workflows of the benchmark applied."""

    def __init__(self, troupe, folder, database_url):
        self.troupe = troupe
        self.log = open(Path(folder) / "server.log", "w+")
        self.process = subprocess.Popen(
            [troupe, "serve", "--listen", "127.0.0.1:0", "--data-dir", folder, "--database-url", database_url,
             "--workflows", ROOT / "bench/workflows", "--log-level", "warning"],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        said = self.process.stdout.readline()
        listening = re.search(r"listening on (http://127\.0\.0\.1:(\d+))", said)
        if not listening:
            self.close()
            raise Fault(f"the server did not start: {said}{self.log_text()}")
        self.url, self.port = listening[1], int(listening[2])

    def log_text(self):
        self.log.flush()
        return Path(self.log.name).read_text()

    def verify_audit(self):
        done = subprocess.run([self.troupe, "--server", self.url, "audit", "verify"], text=True, capture_output=True)
        if done.returncode != 0:
            raise Fault(f"the audit trail is not whole: {done.stdout}{done.stderr}")

    def close(self):
        code = stop(self.process, signal.SIGTERM)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code = self.close()
        if kind is None and code != 0:
            raise Fault(f"the server exited with {code}: {self.log_text()}")
        self.log.close()
