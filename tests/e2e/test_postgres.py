"""PostgreSQL instead of SQLite: the same promises, and a database that goes away and comes back."""

import pytest

from http_client import eventually
from journal_bytes import unpacked
from troupe_server import CommandLine

WORKFLOW = {
    "key": "sum",
    "inputs": {"type": "object", "properties": {"n": {"type": "integer"}}},
    "steps": [{"name": "pause", "type": "delay", "config": {"duration": "20ms"}},
              {"name": "add", "type": "transform", "config": {"value": "${ .inputs.n + 1 }"}}],
    "outputs": {"sum": "${ .steps.add.value }"},
}


@pytest.fixture
def database(postgres):
    return postgres.fresh_database()


@pytest.fixture
def server(make_server, database):
    server = make_server(database_url=database).start()
    server.apply(WORKFLOW)
    return server


def test_a_job_goes_all_the_way(server):
    assert server.http.get("/v1/meta").json["store"] in ("postgres", "postgresql")
    job = server.run("sum", {"n": 4})
    assert (job["status"], job["outputs"]) == ("success", {"sum": 5})
    assert [record["action"] for record in server.trail(job["id"])][-1] == "run.completed"


def test_what_was_accepted_is_there_after_a_restart(server):
    done = server.run("sum", {"n": 1})
    open_job = server.submit("sum", {"n": 2})
    server.kill()
    server.start()
    assert server.job(done["id"])["outputs"] == {"sum": 2}
    assert server.await_end(open_job)["outputs"] == {"sum": 3}


def test_job_ids_idempotency_lists_and_cursors_behave_as_on_sqlite(server):
    made = [server.submit("sum", {"n": n}, job_id=f"mine-{n}") for n in range(7)]
    again = server.http.post("/v1/jobs", {"workflow_key": "sum", "inputs": {"n": 3}, "job_id": "mine-3"})
    assert again.status == 200 and again.json["job_id"] == "mine-3"
    other = server.http.post("/v1/jobs", {"workflow_key": "sum", "inputs": {"n": 9}, "job_id": "mine-3"})
    assert (other.status, other.json["code"]) == (409, "job_id_conflict")
    key = {"Idempotency-Key": "k"}
    first, second = (server.http.post("/v1/jobs", {"workflow_key": "sum", "inputs": {"n": 1}}, headers=key) for _ in range(2))
    assert first.body == second.body

    listed, cursor = [], ""
    while cursor is not None:
        page = server.http.get("/v1/jobs?limit=3" + (f"&cursor={cursor}" if cursor else "")).json
        listed, cursor = listed + [job["job_id"] for job in page["items"]], page["next_cursor"]
    assert listed == [first.json["job_id"]] + made[::-1]


@pytest.mark.parametrize("query", ["q=%FF", "client_id=%FF", "workflow_key=%FF", "user_id=%C0%AF", "q=%F0%9F%98%80", "q=%25_%5C", "q='--"])
def test_a_filter_of_any_bytes_is_answered(server, query):
    """PostgreSQL refuses text that is not UTF-8: that is the caller's mistake, not the server's failure."""
    answer = server.http.get(f"/v1/jobs?{query}")
    assert answer.status in (200, 400), answer
    assert server.http.get("/readyz").status == 200


@pytest.mark.parametrize("text", ["nul \u0000 inside", "\U0001f600", "\u2028 \ud7ff", "' ; DROP TABLE job; --", "\\"])
def test_any_text_comes_back_as_it_was(server, text):
    server.apply({"key": "echo", "steps": [{"name": "say", "type": "transform", "config": {"value": "${ .inputs.text }"}}],
                  "outputs": {"text": "${ .steps.say.value }"}})
    job = server.run("echo", {"text": text}, metadata={"note": text})
    assert job["status"] == "success", job
    assert job["inputs"]["text"] == text and job["metadata"]["note"] == text
    assert job["outputs"]["text"] == text or "\u0000" in text  # what jq makes of NUL is its own affair


def test_connections_cut_by_the_database_are_made_again(server, postgres, database):
    jobs = [server.submit("sum", {"n": n}) for n in range(10)]
    for _ in range(3):
        postgres.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "
                     "current_database() AND pid <> pg_backend_pid()", database)
        jobs.append(eventually(lambda: submit_or_none(server), "jobs are taken again", 60))
    for job_id in jobs:
        assert server.await_end(job_id)["status"] == "success"
    eventually(lambda: server.http.get("/readyz").status == 200, "ready again")
    assert server.stop() == 0
    verified = CommandLine(server.binary)("audit", "verify", "--database-url", database)
    assert verified.returncode == 0, verified


def submit_or_none(server):
    answer = server.http.post("/v1/jobs", {"workflow_key": "sum", "inputs": {"n": 1}})
    assert answer.status in (202, 503), answer
    return answer.json["job_id"] if answer.status == 202 else None


def test_a_database_that_is_not_there_stops_the_start_with_a_reason(make_server, postgres):
    server = make_server(database_url=postgres.url.replace("/postgres?", "/never_created?")).launch()
    assert server.wait() != 0
    assert "never_created" in server.log()


def test_a_wrong_password_is_not_logged(make_server):
    server = make_server(database_url="postgresql://troupe:s3cr3t-word@127.0.0.1:1/troupe").launch()
    assert server.wait() != 0
    assert server.log() and "s3cr3t-word" not in server.log()


def test_a_newer_schema_is_refused(server, postgres, database):
    assert server.stop() == 0
    postgres.sql("UPDATE meta SET schema_version = schema_version + 1", database)
    server.launch()
    assert server.wait() != 0
    assert "newer" in server.log()


def test_an_edited_record_is_found(server, postgres, database):
    job_id = server.run("sum", {"n": 1})["id"]
    assert server.stop() == 0
    row = f"WHERE chain = '{job_id}' AND first_seq = 1"
    text = unpacked(bytes.fromhex(postgres.sql(f"SELECT encode(records, 'hex') FROM journal {row}", database)))
    edited = text.replace('"priority":5', '"priority":6')
    assert edited != text
    postgres.sql(f"UPDATE journal SET records = decode('{edited.encode().hex()}', 'hex') {row}", database)
    verified = CommandLine(server.binary)("audit", "verify", "--database-url", database)
    assert verified.returncode == 7, verified
    assert job_id in verified.stdout + verified.stderr
