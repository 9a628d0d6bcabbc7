"""A PostgreSQL server that a test may stop, kill and start again, or give little room. (postgres.py has one that just runs.)"""

import glob
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from http_client import eventually


def programs():
    """The folder of initdb and postgres."""
    for folder in sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True):
        if os.access(f"{folder}/initdb", os.X_OK):
            return Path(folder)
    raise AssertionError("PostgreSQL is not installed")


class PostgresCluster:
    """Listens on a Unix socket only. `data` or `wal` is where that is kept, apart from the other. PostgreSQL refuses to run as
    root: then it runs as the user postgres, and both must be open to that."""

    def __init__(self, data=None, wal=None, fsync="off", settings=()):
        self.folder = Path(tempfile.mkdtemp(prefix="troupe-postgres.", dir="/tmp"))  # a socket's path must be short
        self.folder.chmod(0o755)
        self.data, self.log_file = Path(data or self.folder / "data"), self.folder / "server.log"
        self.process, self._numbers = None, itertools.count(1)
        self._as_owner = []
        if os.geteuid() == 0:
            self._as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.socket = self.folder / ".s.PGSQL.5432"
        self.url = self.url_of("postgres")
        self._settings = [f"fsync={fsync}", "listen_addresses=", "port=5432", "max_connections=64",
                          "shared_buffers=64MB", *settings]
        if data and not wal:
            wal = self.folder / "wal"
        self._run("initdb", "-D", self.data, "-U", "troupe", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
                  "--wal-segsize=1", *(["--waldir", wal] if wal else []))

    def url_of(self, database):
        return f"postgresql://troupe@/{database}?host={str(self.folder).replace('/', '%2F')}&port=5432"

    def _run(self, program, *arguments):
        done = subprocess.run([*self._as_owner, programs() / program, *arguments], capture_output=True, text=True,
                              cwd=self.folder)
        assert done.returncode == 0, done.stderr

    def launch(self):
        """Starts the process, and does not wait for it to be ready."""
        settings = [part for setting in self._settings for part in ("-c", setting)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen([*self._as_owner, programs() / "postgres", "-D", self.data, "-k", self.folder,
                                             *settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)

    def start(self, deadline=60):
        """Starts it and waits until it takes connections. One whose postmaster was killed cannot be started before the last
        of its processes has noticed."""
        def is_ready():
            if self.process is None or self.process.poll() is not None:
                self.launch()
            return self.is_ready()
        try:
            eventually(is_ready, "PostgreSQL starts", deadline, 0.1)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.log()[-2000:]}") from None
        return self

    def is_ready(self):
        return subprocess.run([programs() / "pg_isready", "-q", "-h", self.folder, "-p", "5432"]).returncode == 0

    def is_running(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGINT):
        """SIGINT: fast; SIGQUIT: immediate, as after a crash; SIGKILL: a crash of the postmaster alone."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)

    def remove(self):
        if self.process is not None and self.is_running():
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def sql(self, statement, database="postgres"):
        done = subprocess.run(["psql", self.url_of(database), "-XAtqc", statement], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def fresh_database(self):
        name = f"e2e_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url_of(name)
