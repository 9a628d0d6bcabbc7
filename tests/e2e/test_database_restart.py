"""PostgreSQL is stopped, killed and started again under load, while the server runs on."""

import signal

import pytest

from faults import Ordeal
from postgres_cluster import PostgresCluster


@pytest.fixture
def cluster():
    cluster = PostgresCluster()
    yield cluster.start()
    cluster.remove()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL], ids=["fast", "immediate", "killed"])
def test_a_restart_of_the_database_loses_nothing(make_server, cluster, how):
    with Ordeal(make_server(database_url=cluster.fresh_database()).start()) as ordeal:
        for _ in range(3):
            ordeal.await_accepted(200)
            ordeal.readiness.seen.clear()
            cluster.stop(how)
            ordeal.readiness.await_reason("the database does not answer")
            ordeal.await_refusal()
            cluster.start()
            ordeal.readiness.await_ready()
