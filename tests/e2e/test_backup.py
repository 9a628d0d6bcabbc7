"""The drill: a backup taken while the server works, restored elsewhere, served from there. And what a backup is worth that
was damaged."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from http_client import eventually
from journal_bytes import unpacked
from troupe_server import CommandLine, clean_environment

NEWEST = 6  # version of the schema; both engines have the same
DRAW = {
    "key": "draw",
    "inputs": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
    "steps": [
        {"name": "draw", "type": "generate", "config": {"prompt": "${ \"fox \\(.inputs.n)\" }", "width": 64, "height": 64}},
        {"name": "pause", "type": "delay", "config": {"duration": "1s"}},
        {"name": "double", "type": "transform", "config": {"value": "${ .inputs.n * 2 }"}},
    ],
    "outputs": {"doubled": "${ .steps.double.value }"},
}
QUICK = {"key": "quick", "steps": [{"name": "only", "type": "noop"}]}
LONG = {"key": "long", "steps": [{"name": "wait", "type": "delay", "config": {"duration": "2h"}}]}


class Load:
    """Submits jobs from several threads until it is stopped; `accepted` are (when answered, id, number)."""

    def __init__(self, server, threads=6):
        self.server, self.accepted, self.failed, self.going = server, [], [], True
        self.threads = [threading.Thread(target=self._work, args=(first, threads), daemon=True) for first in range(threads)]
        for thread in self.threads:
            thread.start()

    def _work(self, number, stride):
        while self.going:
            body = {"workflow_key": "draw" if number % 8 == 0 else "quick", "inputs": {"n": number}, "timeout_seconds": 600}
            answer = self.server.http.post("/v1/jobs", body)
            if answer.status == 202:
                self.accepted.append((time.monotonic(), answer.json["job_id"], number))
            else:
                self.failed.append(answer)
                return
            number += stride

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join(30)
        assert self.failed == []


class Place:
    """A database and a data folder, and the commands on them."""

    def __init__(self, troupe, folder, database_url=None):
        self.cli, self.folder, self.data_dir, self.database_url = CommandLine(troupe), folder, folder / "data", database_url

    def __call__(self, *command, expect=0):
        where = ["--data-dir", self.data_dir] + (["--database-url", self.database_url] if self.database_url else [])
        done = self.cli(*command, *where, timeout=120)
        assert done.returncode == expect, (command, done)
        return done.stdout + done.stderr


@pytest.fixture
def place(troupe, tmp_path, request):
    def make(name, store="sqlite"):
        folder = tmp_path / name
        folder.mkdir()
        return Place(troupe, folder, request.getfixturevalue("postgres").fresh_database() if store == "postgresql" else None)
    return make


def serve(make_server, place):
    return make_server(data_dir=place.data_dir, database_url=place.database_url).start()


@pytest.mark.parametrize("store, other", [("sqlite", "sqlite"), ("postgresql", "postgresql"),
                                          ("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_what_was_accepted_before_a_backup_is_there_after_it_was_restored(make_server, place, store, other):
    old, new = place("old", store), place("new", other)
    server = serve(make_server, old)
    for definition in (DRAW, QUICK, LONG):
        server.apply(definition)
    parked = server.submit("long")
    load = Load(server)
    eventually(lambda: len(load.accepted) > 100, "there is some load")
    begun = time.monotonic()
    said = old("backup", old.folder / "backup")
    ended = time.monotonic()
    eventually(lambda: load.accepted[-1][0] > ended, "the load goes on")
    load.stop()
    before = [(job, number) for at, job, number in load.accepted if at < begun]
    meanwhile = [job for at, job, _ in load.accepted if begun <= at < ended]
    print(f"{len(before)} jobs before, {len(meanwhile)} while it was made, in {ended - begun:.2f} s: {said}")
    assert meanwhile, "the server accepted nothing while the backup was made"
    server.kill()

    assert "whole: " in new("restore", old.folder / "backup")
    restored = serve(make_server, new)
    for job, number in before:
        ended_job = restored.await_end(job)
        assert ended_job["status"] == "success", ended_job
        if number % 8 == 0:
            assert ended_job["outputs"] == {"doubled": number * 2}
            asset = ended_job["assets"][0]
            content = restored.http.get(f"/v1/assets/{asset['id']}/content").body
            assert hashlib.sha256(content).hexdigest() == asset["sha256"]
    assert any(record["action"] == "run.recovered" for job, _ in before for record in restored.trail(job)), \
        "no job was open at the snapshot: this run has shown nothing of them"
    assert restored.job(parked)["status"] == "running" and restored.job(parked)["waiting_for"] == "timer"
    assert restored.run("draw", {"n": 1})["status"] == "success"
    new("db", "check")
    assert restored.stop() == 0
    assert "whole: " in new("audit", "verify")


@pytest.fixture
def backed_up(make_server, place):
    """A stopped server's data, and a backup of it; `jobs` are the ids of its drawings."""
    old = place("old")
    server = serve(make_server, old)
    server.apply(DRAW)
    old.jobs = [server.run("draw", {"n": n})["id"] for n in range(2)]
    old("backup", old.folder / "backup")
    assert server.stop() == 0
    return old


def flip(file, place):
    content = bytearray(file.read_bytes())
    content[place] ^= 0x10
    file.write_bytes(content)


def test_a_damaged_backup_is_refused_with_the_part_and_nothing_is_restored(backed_up, place):
    backup, new = backed_up.folder / "backup", place("new")
    blob = next(file for file in sorted((backup / "blobs").glob("??/*")))
    for part in (backup / "manifest.json", backup / "tables" / "journal.rows", backup / "blobs.sha256", blob):
        whole = part.read_bytes()
        flip(part, len(whole) // 2)
        assert str(part) in new("restore", backup, expect=1)
        part.write_bytes(whole[:-1])
        assert str(part) in new("restore", "--check-only", backup, expect=1)
        part.unlink()
        assert str(part) in new("restore", backup, expect=5 if part.name == "manifest.json" else 1)
        part.write_bytes(whole)
    assert list(new.data_dir.iterdir()) == []
    assert "whole: " in new("restore", "--check-only", backup)
    new("restore", backup)


def test_a_backup_is_restored_into_an_empty_place_only(backed_up, place, postgres):
    backup = backed_up.folder / "backup"
    assert "not empty" in backed_up("restore", backup, expect=1)
    new = place("new", "postgresql")
    postgres.sql("CREATE TABLE job (id int)", new.database_url)
    assert "already exists" in new("restore", backup, expect=1)
    shutil.rmtree(new.data_dir)
    postgres.sql("DROP TABLE job", new.database_url)
    assert "made" in new("db", "migrate")
    new("restore", backup)
    assert "not empty" in new("restore", backup, expect=1)


def test_a_restore_that_was_killed_is_not_served_and_can_be_run_again(backed_up, place, make_server):
    backup, new = backed_up.folder / "backup", place("new")
    # The kernel kills it where it writes the database beyond this size: in the middle of its commit.
    killed = subprocess.run(["prlimit", "--fsize=150000", new.cli.binary, "restore", backup, "--data-dir", new.data_dir],
                            capture_output=True, text=True, env=clean_environment(), timeout=60)
    assert killed.returncode == -signal.SIGXFSZ, killed
    server = make_server(data_dir=new.data_dir).launch()
    assert server.wait() == 1
    assert "restore into" in server.log()
    assert "restore into" in new("db", "check", expect=1)
    new("restore", backup)
    new("db", "check")
    assert serve(make_server, new).job(backed_up.jobs[0])["status"] == "success"


def test_a_backup_does_not_overwrite_and_memory_keeps_nothing(backed_up):
    assert "exists already" in backed_up("backup", backed_up.folder / "backup", expect=1)
    nothing = backed_up.cli("backup", backed_up.folder / "other", "--database-url", "memory:")
    assert nothing.returncode == 1 and "memory: keeps nothing" in nothing.stderr


def sql(place, statement, *values):
    database = sqlite3.connect(place.data_dir / "troupe.db")
    with database:
        found = database.execute(statement, values)
        rows, changed = found.fetchall(), found.rowcount
    database.close()
    assert rows or changed > 0, "nothing was changed: the test would show nothing"
    return rows


def test_check_finds_nothing_in_sound_data(backed_up):
    shown = json.loads(backed_up("db", "check", "--json"))
    assert shown["findings"] == [] and shown["audit"]["whole"] is True
    assert shown["schema_version"] == NEWEST and shown["blobs"] >= 2 and shown["rows"] > 4096


def test_check_finds_an_edited_record(backed_up):
    job = backed_up.jobs[1]
    row = bytes.fromhex(job.replace("-", ""))
    stored, = sql(backed_up, "SELECT records FROM journal WHERE chain = ? AND first_seq = 1", row)[0]
    edited = unpacked(stored).replace("job.accepted", "job.axxepted").encode()
    sql(backed_up, "UPDATE journal SET records = ? WHERE chain = ? AND first_seq = 1", edited, row)
    said = backed_up("db", "check", expect=7)
    assert f"broken: chain {job}, record 1" in said


def test_check_finds_a_missing_and_a_damaged_blob(backed_up):
    blobs = sorted((backed_up.data_dir / "blobs").glob("??/*"))
    blobs[0].unlink()
    flip(blobs[1], 20)
    said = backed_up("db", "check", expect=1)
    assert said.count("damage: asset ") == 2 and str(blobs[0]) in said and "its SHA-256 is" in said


def test_check_finds_a_damaged_page(backed_up):
    page, = sql(backed_up, "SELECT rootpage FROM sqlite_master WHERE name = 'job_by_client'")[0]
    flip(backed_up.data_dir / "troupe.db", (page - 1) * 4096)
    assert f"damage: {backed_up.data_dir}/troupe.db: " in backed_up("db", "check", expect=1)


def test_check_tells_of_a_schema_of_another_version(backed_up):
    sql(backed_up, "UPDATE meta SET schema_version = 1")
    assert f"damage: schema: version 1, this binary's is {NEWEST}" in backed_up("db", "check", expect=1)


def test_check_of_postgresql_warns_of_settings(make_server, place, postgres):
    new = place("new", "postgresql")
    server = serve(make_server, new)
    server.apply(QUICK)
    server.run("quick")
    said = new("db", "check")
    if not os.environ.get("TROUPE_TEST_POSTGRES_FSYNC"):
        assert "warning: setting fsync: " in said
    assert "whole: " in said


def test_migrate_says_from_and_to_which_version(place, make_server):
    new = place("new")
    assert new("db", "migrate") == f"made: the schema has version {NEWEST}\n"
    assert new("db", "migrate") == f"nothing to do: the schema has version {NEWEST}\n"
    server = serve(make_server, new)
    assert new("db", "migrate") == f"nothing to do: the schema has version {NEWEST}\n"
    assert server.stop() == 0
    sql(new, "UPDATE meta SET schema_version = 1000")
    assert f"version 1000, this binary knows {NEWEST}" in new("db", "migrate", expect=1)


def test_vacuum_leaves_a_running_server_alone(place, make_server):
    for store, beside in (("sqlite", 1), ("postgresql", 0)):
        new = place(store, store)
        server = serve(make_server, new)
        server.apply(QUICK)
        job = server.run("quick")["id"]
        said = new("db", "vacuum", expect=beside)
        assert ("another process is using the database" if beside else "after: ") in said
        assert server.run("quick")["status"] == "success"
        assert server.stop() == 0
        assert "after: " in new("db", "vacuum")
        assert job in serve(make_server, new).http.get("/v1/jobs").body.decode()
