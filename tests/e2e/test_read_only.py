"""A database that can be read and not written, for a while: PostgreSQL told so, and a SQLite file that has become immutable."""

import subprocess

import pytest

from faults import Ordeal


def meet_refusals(ordeal):
    ordeal.readiness.await_reason("the database")  # can only be read; or does not answer, while a commit is in doubt
    ordeal.await_refusal()
    job_id = next(iter(ordeal.load.accepted.values()))
    assert ordeal.server.http.get(f"/v1/jobs/{job_id}").status == 200, "it can still be read"


def test_a_postgresql_database_that_was_read_only_for_a_while(make_server, postgres):
    """The sessions that began while it was so stay so: they must be left, not waited for."""
    database = postgres.fresh_database()
    name = postgres.sql("SELECT current_database()", database)

    def end_sessions():
        postgres.sql(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'")

    with Ordeal(make_server(database_url=database).start()) as ordeal:
        ordeal.await_accepted(200)
        postgres.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        end_sessions()
        meet_refusals(ordeal)
        postgres.sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")


def test_a_sqlite_file_that_was_immutable_for_a_while(make_server):
    server = make_server().start()
    files = [f"{server.data_dir}/troupe.db{suffix}" for suffix in ("", "-wal")]
    if subprocess.run(["chattr", "+i", files[0]], capture_output=True).returncode:
        pytest.skip("making a file immutable needs root and a file system that knows it")
    subprocess.run(["chattr", "-i", files[0]], check=True)
    try:
        with Ordeal(server) as ordeal:
            ordeal.await_accepted(200)
            subprocess.run(["chattr", "+i", *files], check=True)
            meet_refusals(ordeal)
            subprocess.run(["chattr", "-i", *files], check=True)
    finally:
        subprocess.run(["chattr", "-i", *files], stderr=subprocess.DEVNULL)  # the server removes its log when it stops
