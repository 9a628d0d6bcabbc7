"""What a fault must not do: holds what clients were told (load.py) and what was shown against what the database says.

It reads the tables itself, beside the API: what is to be trusted does not testify.
"""

import http.client
import json
import re
import sqlite3
import subprocess
import threading
from collections import Counter, defaultdict

from http_client import eventually
from journal_bytes import unpacked
from troupe_server import CommandLine

ENDS = ("run.completed", "run.failed", "run.cancelled")
STATUS = ("pending", "running", "success", "failed", "cancelled")


class Tables:
    """The database of a server, read while that runs, or afterwards."""

    def __init__(self, server):
        self.url, self.file = server.database_url, server.data_dir / "troupe.db"

    def jobs(self):
        """(UUID, user_id, status) of every job."""
        if self.url:
            rows = self._psql("SELECT id, user_id, status FROM job")
        else:
            rows = self._sqlite("SELECT lower(hex(id)), user_id, status FROM job")
        return [(plain(id), user, STATUS[int(status)]) for id, user, status in rows]

    def actions(self):
        """UUID of a job -> how often each action is in its trail."""
        counts = defaultdict(Counter)
        if self.url:
            rows = ((chain, bytes.fromhex(stored)) for chain, stored in
                    self._psql("SELECT chain, encode(records, 'hex') FROM journal"))
        else:
            rows = self._sqlite("SELECT lower(hex(chain)), records FROM journal")
        for chain, stored in rows:
            counts[plain(chain)].update(re.findall(r'"action":"([a-z.]+)"', unpacked(stored)))
        return counts

    def open_jobs(self):
        return self._number("SELECT count(*) FROM job WHERE status < 2")

    def newest_job(self):
        """Jobs are numbered by time: whatever is not above this was there when it was asked."""
        if self.url:
            return self._psql("SELECT id FROM job ORDER BY id DESC LIMIT 1")[0][0]
        return self._sqlite("SELECT lower(hex(id)) FROM job ORDER BY id DESC LIMIT 1")[0][0]

    def open_up_to(self, newest):
        """How many jobs are open, of those up to the newest that was there then."""
        return self._number(f"SELECT count(*) FROM job WHERE status < 2 AND id <= {self._id(newest)}")

    def first_end_since(self, unix_ms, newest):
        """When the first of those jobs ended after that time, as milliseconds after it; None if none has."""
        sql = f"SELECT min(updated_at) FROM job WHERE status >= 2 AND updated_at >= {unix_ms} AND id <= {self._id(newest)}"
        first = (self._psql(sql) if self.url else self._sqlite(sql))[0][0]
        return None if first in (None, "") else int(first) - unix_ms

    def not_taken_over(self, newest):
        """How many of those jobs are open and have no record but that of their acceptance."""
        return self._number(f"SELECT count(*) FROM job WHERE status < 2 AND last_seq < 2 AND id <= {self._id(newest)}")

    def count(self, table):
        return self._number(f"SELECT count(*) FROM {table}")

    def bytes(self):
        """Of the whole database; of SQLite, without its log."""
        return self._number("SELECT pg_database_size(current_database())") if self.url else self.file.stat().st_size

    def _id(self, uuid):
        return f"'{uuid}'" if self.url else f"x'{uuid}'"

    def _number(self, sql):
        return int((self._psql(sql) if self.url else self._sqlite(sql))[0][0])

    def _psql(self, sql):
        done = subprocess.run(["psql", self.url, "-XAtF\t", "-c", sql], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def _sqlite(self, sql):
        database = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()


def plain(uuid):
    return uuid.replace("-", "")


class Ends:
    """Counts the ends that /v1/events tells of, from now on until the server ends the stream."""

    def __init__(self, server):
        self.told, self.is_over = Counter(), False
        self._connection = http.client.HTTPConnection(server.http.host, server.http.port, timeout=600)
        self._connection.request("GET", "/v1/events?kind=status")
        self._response = self._connection.getresponse()
        assert self._response.status == 200, self._response.read()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for line in self._response:
                if line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    if event.get("action") in ENDS:
                        self.told[plain(event["job_id"])] += 1
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the server was killed
        self.is_over = True


class Readiness:
    """Looks at /readyz all the time, and notes each answer that differs from the one before."""

    def __init__(self, server):
        self.seen, self._server, self._stopping = [], server, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        while not self._stopping.wait(0.02):
            try:
                answer = self._server.http.get("/readyz")
            except (OSError, http.client.HTTPException):
                continue  # the server is down
            told = (answer.status, tuple(answer.json["reasons"]) if answer.status != 200 else ())
            if not self.seen or self.seen[-1] != told:
                self.seen.append(told)

    def reasons(self):
        """All reasons that were ever given with a 503."""
        return {reason for status, reasons in self.seen if status == 503 for reason in reasons}

    def await_reason(self, words, deadline=180):
        """Waits until it has said why."""
        eventually(lambda: any(words in reason for reason in self.reasons()), f"/readyz tells: {words}", deadline)

    def await_ready(self, deadline=180):
        """Waits until it is ready again, by itself."""
        eventually(lambda: self.seen and self.seen[-1][0] == 200, f"ready again after {self.seen[-3:]}", deadline)

    def stop(self):
        self._stopping.set()
        self._thread.join()
        for status, reasons in self.seen:
            assert status == 200 or (status == 503 and reasons and all(reasons)), self.seen


def check_nothing_lost(server, load, ends=None, deadline=180):
    """Every job that was accepted ends once and well, and so does every other that is there; none that was refused is there.
    The trail is whole. The server stands still afterwards: no job is open."""
    tables = Tables(server)
    assert load.wrong == [], load.wrong[:3]
    eventually(lambda: tables.open_jobs() == 0, "all jobs end", deadline, 0.2)
    jobs, actions = tables.jobs(), tables.actions()
    by_number = defaultdict(list)
    for id, number, status in jobs:
        by_number[int(number)].append(id)
        assert status == "success", (id, number, status)
        ended = {action: count for action, count in actions[id].items() if action in ENDS}
        assert ended == {"run.completed": 1}, (id, number, actions[id])
        assert actions[id]["job.accepted"] == 1, (id, number, actions[id])
    for number, id in load.accepted.items():
        assert by_number.get(number) == [plain(id)], f"job {number} was accepted as {id}: {by_number.get(number)}"
    for number, code in load.refused.items():
        assert number not in by_number, f"job {number} was refused with {code}: {by_number[number]}"
    for number, ids in by_number.items():
        assert len(ids) == 1, (number, ids)
        assert number in load.accepted or number in load.unanswered, f"nobody was told of job {number}: {ids}"
    if ends is not None:
        eventually(lambda: len(ends.told) >= len(jobs), "all ends are told", 30)
        assert ends.told == Counter(id for id, _, _ in jobs), "each end is told once"
    verified = server.http.get("/v1/audit/verify", timeout=300)
    assert verified.status == 200 and verified.json["whole"], verified
    return len(jobs)


def check_trail(server):
    """The whole trail, read by the command line without the server."""
    verified = CommandLine(server.binary)("audit", "verify", *server.store(), timeout=300)
    assert verified.returncode == 0, verified.stdout + verified.stderr
