"""The connection to PostgreSQL breaks at a commit. Whether that was written nobody knows then; whoever waits for it is told the
truth in the end, and nothing is lost or done twice.

TROUPE_E2E_SEED replays the faults of an earlier run (it is printed when a test fails).
"""

import os
import secrets

import pytest

from faults import ONE_STEP, Ordeal
from http_client import eventually
from postgres_proxy import QUICK_FAULTS, PostgresProxy
from witness import Tables

@pytest.fixture
def seed():
    seed = int(os.environ.get("TROUPE_E2E_SEED") or secrets.randbits(32))
    print(f"seed: TROUPE_E2E_SEED={seed}")
    return seed


@pytest.fixture
def proxy(postgres, seed):
    proxy = PostgresProxy(postgres.fresh_database(), seed)
    yield proxy
    proxy.stop()


@pytest.fixture
def server(make_server, proxy):
    return make_server(database_url=proxy.url).start()


def test_a_hundred_commits_broken_under_load_are_settled_truthfully(server, proxy):
    with Ordeal(server) as ordeal:
        proxy.break_some(0.1)
        eventually(lambda: sum(proxy.done.values()) >= 100 and set(proxy.done) == set(QUICK_FAULTS), "100 commits are broken", 90)
        proxy.break_some(0)
    print(f"{proxy.commits} commits, broken: {dict(proxy.done)}")


@pytest.mark.parametrize("fault", QUICK_FAULTS)
def test_a_post_is_told_what_became_of_its_commit(server, proxy, fault):
    """The truth is found out, and what was not written is written again."""
    server.apply(ONE_STEP)
    for number in range(5):
        eventually(lambda: server.http.get("/readyz").status == 200, "ready")
        proxy.break_next(fault)
        answer = server.http.post("/v1/jobs", {"workflow_key": ONE_STEP["key"], "metadata": {"user_id": str(number)}})
        assert answer.status == 202 and proxy.done[fault] == number + 1, (answer, proxy.done)
        assert server.await_end(answer.json["job_id"])["status"] == "success"
    assert sorted(number for _, number, _ in Tables(server).jobs()) == ["0", "1", "2", "3", "4"]


def test_a_lost_transaction_that_still_holds_its_locks_is_waited_for(server, proxy):
    """PostgreSQL has not noticed, so the transaction is open until its time-out: only then can it be known to be lost."""
    with Ordeal(server) as ordeal:
        ordeal.await_accepted(50)
        proxy.break_next("deaf")
        ordeal.readiness.await_reason("does not answer")
    assert proxy.done["deaf"] == 1


def test_a_connection_that_falls_silent_after_commit_was_sent_is_given_up(server, proxy):
    """That takes 40 s: clients are told long before, and new ones are not made to wait for it."""
    with Ordeal(server) as ordeal:
        ordeal.await_accepted(50)
        proxy.break_next("stalled")
        ordeal.readiness.await_reason("does not answer")
        ordeal.await_refusal()
        assert "no answer within" not in server.log()
        eventually(lambda: "no answer within" in server.log(), "the connection is given up", 60)
    assert proxy.done["stalled"] == 1


def test_connections_cut_at_random_moments_lose_nothing(server, proxy):
    with Ordeal(server):
        for _ in range(30):
            aim = proxy.commits + proxy.random.randrange(1, 30)
            eventually(lambda: proxy.commits >= aim, "commits go on", pause=proxy.random.uniform(0.001, 0.01))
            proxy.cut_all()
