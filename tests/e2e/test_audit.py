"""The audit chain: whole when nobody touched it, broken at the very place where somebody did (docs/audit.md)."""

import hashlib
import json
import sqlite3

import pytest

from journal_bytes import unpacked
from troupe_server import CommandLine

CHAIN = {"key": "chain", "steps": [{"name": "a", "type": "noop"}, {"name": "b", "type": "transform", "config": {"value": "${ .inputs }"}}]}
ZEROS = "00" * 32


@pytest.fixture
def server(make_server):
    server = make_server().start()
    server.apply(CHAIN)
    return server


@pytest.fixture
def stopped(server):
    """A stopped server with three ended jobs; `jobs` are their ids."""
    server.jobs = [server.run("chain", {"n": n})["id"] for n in range(3)]
    assert server.stop() == 0
    assert verify(server).returncode == 0
    return server


def verify(server, *options):
    return CommandLine(server.binary)("audit", "verify", "--data-dir", server.data_dir, *options)


def tamper(server, statement, *values):
    database = sqlite3.connect(server.data_dir / "troupe.db")
    with database:
        changed = database.execute(statement, values).rowcount
    database.close()
    assert changed > 0, "nothing was changed: the test would show nothing"


def rows(server, statement, *values):
    database = sqlite3.connect(f"file:{server.data_dir}/troupe.db?mode=ro", uri=True)
    found = database.execute(statement, values).fetchall()
    database.close()
    return found


def edit(server, job_id, first_seq, old, new):
    """Changes a row's text, and writes it plain: whoever edits records need not pack them."""
    stored, = rows(server, "SELECT records FROM journal WHERE chain = ? AND first_seq = ?", as_bytes(job_id), first_seq)[0]
    text = unpacked(stored)
    assert old in text, text
    tamper(server, "UPDATE journal SET records = ? WHERE chain = ? AND first_seq = ?", text.replace(old, new).encode(),
           as_bytes(job_id), first_seq)


def as_bytes(job_id):
    return bytes.fromhex(job_id.replace("-", ""))


def expect_broken(server, *said):
    done = verify(server)
    assert done.returncode == 7, done
    for word in said:
        assert str(word) in done.stdout + done.stderr, (word, done)
    shown = CommandLine(server.binary)("--json", "audit", "verify", "--data-dir", server.data_dir)
    assert shown.returncode == 7
    told = json.loads(shown.stdout or shown.stderr)
    assert told.get("whole") is False or told.get("code") == "chain_broken", told
    return told


def test_a_trail_can_be_verified_by_hand_as_the_documentation_says(server):
    job_id = server.run("chain", {"n": 1, "text": "\u00e4\u2028\U0001f600", "real": 0.1})["id"]
    previous = ZEROS
    for number, record in enumerate(server.trail(job_id), 1):
        shown = record.pop("hash")
        stored = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        digest = hashlib.sha256(bytes.fromhex(previous) + stored).hexdigest()
        assert (record["seq"], record["prev_hash"], shown) == (number, previous, digest)
        previous = digest
    assert number >= 4


def test_inputs_and_outputs_stand_in_the_trail_by_digest_only(server):
    job_id = server.run("chain", {"word": "unmistakable"})["id"]
    text = json.dumps(server.trail(job_id))
    assert "unmistakable" not in text
    assert hashlib.sha256(b'{"word":"unmistakable"}').hexdigest() in text


def test_every_change_has_its_record(server):
    job_id = server.submit("chain")
    server.await_end(job_id)
    assert [r["action"] for r in server.trail(job_id)] == ["job.accepted", "step.completed", "step.completed", "run.completed"]
    server.http.post("/v1/workflows/chain/disable")
    server.http.post("/v1/workflows/chain/enable")
    actions = [r["action"] for r in server.http.get("/v1/audit?limit=500").json["items"]]
    assert {"workflow.applied", "workflow.disabled", "workflow.enabled"} <= set(actions)


def test_a_cancelled_job_says_who_and_why(server):
    server.apply({"key": "wait", "steps": [{"name": "it", "type": "delay", "config": {"duration": "1h"}}]})
    job_id = server.submit("wait", timeout_seconds=7200)
    server.http.post(f"/v1/jobs/{job_id}/cancel", {"reason": "changed my mind"})
    server.await_end(job_id)
    last = server.trail(job_id)[-1]
    assert last["action"] == "run.cancelled" and "changed my mind" in last["details"]["error"]["message"]


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_one_flipped_byte_is_found_and_named(stopped, place):
    job_id = stopped.jobs[1]
    seq, records = rows(stopped, "SELECT first_seq, records FROM journal WHERE chain = ? ORDER BY first_seq LIMIT 1 OFFSET 1", as_bytes(job_id))[0]
    at = int(len(records) * place)
    flipped = records[:at] + bytes([records[at] ^ 1]) + records[at + 1:]
    tamper(stopped, "UPDATE journal SET records = ? WHERE chain = ? AND first_seq = ?", flipped, as_bytes(job_id), seq)
    told = expect_broken(stopped, job_id)
    assert any(f'"seq":{n}' in json.dumps(told, separators=(",", ":")) for n in (seq, seq + 1)), told


@pytest.mark.parametrize("stored", [b"\x01", b"\x01 no frame", b"\x02 of no version", b""])
def test_a_row_that_cannot_be_unpacked_is_named_and_hides_no_other(stopped, stored):
    job_id = stopped.jobs[1]
    tamper(stopped, "UPDATE journal SET records = ? WHERE chain = ? AND first_seq = 2", stored, as_bytes(job_id))
    assert '"seq":2' in json.dumps(expect_broken(stopped, job_id), separators=(",", ":"))
    stopped.start()
    actions = [record.get("action") for record in stopped.http.get("/v1/audit?limit=500").json["items"]]
    assert actions.count("job.accepted") == 3 and actions.count("run.completed") == 3


def test_an_edited_record_is_found_though_it_is_still_json(stopped):
    job_id = stopped.jobs[0]
    edit(stopped, job_id, 1, '"priority":5', '"priority":9')
    expect_broken(stopped, job_id)


def test_the_last_record_edited_is_found(stopped):
    job_id = stopped.jobs[2]
    last, = rows(stopped, "SELECT max(first_seq) FROM journal WHERE chain = ?", as_bytes(job_id))[0]
    edit(stopped, job_id, last, "run.completed", "run.cancelled")
    expect_broken(stopped, job_id)


def test_a_dropped_tail_is_found(stopped):
    job_id = stopped.jobs[1]
    tamper(stopped, "DELETE FROM journal WHERE chain = ?1 AND first_seq = (SELECT max(first_seq) FROM journal WHERE chain = ?1)", as_bytes(job_id))
    expect_broken(stopped, job_id)


def test_a_dropped_record_in_the_middle_is_found(stopped):
    job_id = stopped.jobs[1]
    tamper(stopped, "DELETE FROM journal WHERE chain = ? AND first_seq = 2", as_bytes(job_id))
    expect_broken(stopped, job_id)


def test_an_edited_head_of_a_job_is_found(stopped):
    job_id = stopped.jobs[0]
    tamper(stopped, "UPDATE job SET head = zeroblob(32) WHERE id = ?", as_bytes(job_id))
    expect_broken(stopped, job_id)


def test_a_removed_job_is_found(stopped):
    job_id = stopped.jobs[1]
    tamper(stopped, "DELETE FROM journal WHERE chain = ?", as_bytes(job_id))
    tamper(stopped, "DELETE FROM job WHERE id = ?", as_bytes(job_id))
    expect_broken(stopped)


def test_a_record_moved_to_another_job_is_found(stopped):
    tamper(stopped, "UPDATE journal SET records = (SELECT records FROM journal WHERE chain = ?2 AND first_seq = 1) WHERE chain = ?1 AND first_seq = 1",
           as_bytes(stopped.jobs[0]), as_bytes(stopped.jobs[1]))
    expect_broken(stopped)


def test_an_edited_shard_head_is_found(stopped):
    tamper(stopped, "UPDATE shard SET head = zeroblob(32) WHERE seq > 0")
    expect_broken(stopped)


def test_one_job_alone_can_be_verified(stopped):
    tamper(stopped, "DELETE FROM journal WHERE chain = ? AND first_seq = 2", as_bytes(stopped.jobs[1]))
    assert verify(stopped, "--job", stopped.jobs[0]).returncode == 0
    assert verify(stopped, "--job", stopped.jobs[1]).returncode == 7


def test_a_running_server_finds_it_too_and_its_command_exits_with_7(stopped):
    tamper(stopped, "DELETE FROM journal WHERE chain = ? AND first_seq = 2", as_bytes(stopped.jobs[1]))
    stopped.start()
    answer = stopped.http.get("/v1/audit/verify")
    assert answer.status == 200 and answer.json["whole"] is False and stopped.jobs[1] in json.dumps(answer.json["fault"]), answer
    done = CommandLine(stopped.binary, stopped)("audit", "verify")
    assert done.returncode == 7 and stopped.jobs[1] in done.stdout + done.stderr, done


def test_lists_page_newest_first_and_a_cursor_stays_valid_while_rows_are_added(server):
    made = [server.run("chain")["id"] for _ in range(5)]
    first = server.http.get("/v1/jobs?limit=2").json
    server.run("chain")
    second = server.http.get(f"/v1/jobs?limit=500&cursor={first['next_cursor']}").json
    assert [job["id"] for job in first["items"] + second["items"]] == made[::-1]


def test_the_audit_list_is_newest_first_like_every_list(server):
    for _ in range(3):
        server.run("chain")
    times = [record["at"] for record in server.http.get("/v1/audit?limit=500").json["items"]]
    assert times == sorted(times, reverse=True)
