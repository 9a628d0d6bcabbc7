"""The disk is full, for a while: of the data folder, of PostgreSQL's tables, of its write-ahead log."""

import tempfile
from pathlib import Path

import pytest

from faults import Ordeal
from http_client import eventually
from postgres_cluster import PostgresCluster
from small_disk import SmallDisk

CONFIG = """
[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]
"""
WRITE = {"key": "write", "steps": [{"name": "it", "type": "exec", "retry": {"max_attempts": 1}, "config": {
    "command": "sh", "args": ["dd if=/dev/urandom of=$TROUPE_OUTPUT_DIR/big bs=1M count=3 2>/dev/null"]}}]}


@pytest.fixture
def make_disk():
    disks = []

    def make(megabytes, owner="root"):
        folder = Path(tempfile.mkdtemp(prefix="troupe-disk.", dir="/tmp"))  # where the user postgres can reach it
        folder.chmod(0o755)
        try:
            disks.append(SmallDisk(folder, megabytes, owner))
        except BaseException:
            folder.rmdir()
            raise
        return disks[-1]

    yield make
    for disk in disks:
        disk.unmount()
        disk.folder.rmdir()


@pytest.fixture
def disk(make_disk):
    return make_disk(24)


@pytest.fixture
def server(make_server, disk):
    server = make_server(config=CONFIG, data_dir=disk.folder / "data").start()
    yield server
    server.kill()


@pytest.fixture
def make_cluster():
    """PostgreSQL servers that are removed before their disks."""
    clusters = []

    def make(**options):
        clusters.append(PostgresCluster(**options))
        return clusters[-1].start()

    yield make
    for cluster in clusters:
        cluster.remove()


def fill_three_times(server, disk):
    with Ordeal(server) as ordeal:
        for _ in range(3):
            ordeal.await_accepted(200)
            ordeal.readiness.seen.clear()
            disk.fill()
            ordeal.readiness.await_reason("disk is full")
            ordeal.await_refusal()
            disk.free()
            ordeal.readiness.await_ready()


def test_a_full_disk_under_sqlite_refuses_jobs_and_loses_none(server, disk):
    fill_three_times(server, disk)


def test_a_full_disk_under_the_tables_of_postgresql_refuses_jobs_and_loses_none(make_server, make_disk, make_cluster):
    disk = make_disk(96, "postgres")
    cluster = make_cluster(data=disk.folder / "data")
    fill_three_times(make_server(database_url=cluster.fresh_database()).start(), disk)


def test_a_full_disk_under_the_log_of_postgresql_stops_that_and_nothing_is_lost(make_server, make_disk, make_cluster):
    """PostgreSQL gives up when it cannot write its log; someone makes room and starts it again."""
    disk = make_disk(32, "postgres")
    cluster = make_cluster(wal=disk.folder / "wal", settings=["max_wal_size=8MB", "min_wal_size=2MB"])
    with Ordeal(make_server(database_url=cluster.fresh_database()).start()) as ordeal:
        ordeal.await_accepted(200)
        disk.fill()
        ordeal.readiness.await_reason("the database")
        ordeal.await_refusal()
        disk.free()
        cluster.start()


def test_work_under_way_survives_a_full_disk(server, disk):
    server.apply({"key": "waiting", "steps": [{"name": "wait", "type": "delay", "config": {"duration": "1500ms"}},
                                              {"name": "after", "type": "transform", "config": {"value": "${ .inputs.text }"}}]})
    jobs = [server.submit("waiting", {"text": "y" * 8_000}) for _ in range(20)]
    disk.fill()
    eventually(lambda: server.http.get("/readyz").status == 503, "the delays end while nothing can be written")
    disk.free()
    for job_id in jobs:
        assert server.await_end(job_id, 60)["status"] == "success"


def test_an_asset_that_finds_no_room_fails_its_step_with_disk_full(server, disk):
    server.apply(WRITE)
    disk.fill(leave=4 << 20)
    job = server.run("write")
    assert job["status"] == "failed" and job["error"]["code"] in ("disk_full", "command_failed"), job["error"]
    if job["error"]["code"] == "command_failed":
        pytest.fail("the command itself found no room: leave more")
    disk.free()
    eventually(lambda: server.http.get("/readyz").status == 200, "ready again")
    job = server.run("write")
    assert job["status"] == "success" and job["assets"][0]["bytes"] == 3 << 20, job
