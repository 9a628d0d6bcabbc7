"""A PostgreSQL server of the tests' own (tests/store/with_postgres.sh), with a fresh database for each who asks."""

import itertools
import os
import subprocess
from pathlib import Path

WITH_POSTGRES = Path(__file__).parent.parent / "store" / "with_postgres.sh"


class Postgres:
    def __init__(self):
        self._process, self._numbers = None, itertools.count(1)
        self.url = os.environ.get("TROUPE_TEST_POSTGRES")
        if not self.url:
            # `cat` ends, and with it the server, when this process closes the pipe, however it ends.
            self._process = subprocess.Popen([str(WITH_POSTGRES), "sh", "-c", 'echo "$TROUPE_TEST_POSTGRES"; cat'],
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.url = self._process.stdout.readline().strip()
            assert self.url, "PostgreSQL did not start"

    def stop(self):
        if self._process:
            self._process.stdin.close()
            self._process.wait(120)

    def sql(self, statement, url=None):
        done = subprocess.run(["psql", url or self.url, "-XAtqc", statement], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def fresh_database(self):
        name = f"e2e_{os.getpid()}_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")
