"""The two kinds of kills. Each gives the figures of its rounds, a row a kill, and raises AssertionError where a promise is
broken."""

import signal
import time

from faults import ONE_STEP, THREE_STEPS, WORKFLOWS
from http_client import eventually
from load import Load
from quiet import Quiet, left_of_commands
from troupe_server import TroupeServer
from witness import Ends, Readiness, Tables, check_nothing_lost, check_trail

# Long enough for work to pile up, short enough that a kill meets the recovery from the one before.
LOAD_SECONDS = (0.3, 2.0)
# Threads and files that a server may have after a later round beyond those after its first.
HELD_MORE = 16

# A command that leaves something behind and does not end; when it is done again after the kill, it ends at once.
LEAVES = {"key": "leaves", "steps": [{"name": "it", "type": "exec", "config": {"command": "leave"}}]}
CONFIG = """
[exec.commands.leave]
program = "/bin/sh"
args = ["-c", "[ ! -e {folder}/$TROUPE_JOB_ID ] || exit 0; : > {folder}/$TROUPE_JOB_ID; sleep 1000 & wait"]
"""


def make_server(arguments, folder, name, database_url):
    folder = folder / name
    folder.mkdir()
    server = TroupeServer(arguments.troupe.resolve(), folder, CONFIG.format(folder=folder), database_url=database_url,
                          args=["--log-level", "warning"])
    server.start()
    server.apply(LEAVES)
    server.apply(ONE_STEP)
    server.apply(THREE_STEPS)
    return server


def milliseconds_since(begin):
    return (time.monotonic() - begin) * 1000


def print_round(number, figures):
    told = [f"{name} {value:.0f}" for name, value in figures.items() if value is not None]
    print(f"  {number + 1:3}  {', '.join(told)}", flush=True)


def load_until_some_moment(load, moments):
    """Starts the load and leaves it at work until the moment of the kill: jobs accepted a second."""
    load.start()
    accepted, begin = len(load.accepted), time.monotonic()
    time.sleep(moments.uniform(*LOAD_SECONDS))
    return (len(load.accepted) - accepted) / (time.monotonic() - begin)


def start_command(server, load, number):
    """A command that has started another process, and will not end before the kill."""
    load.accepted[-number - 1] = server.http.post("/v1/jobs", {"workflow_key": "leaves", "timeout_seconds": 600,
                                                               "metadata": {"user_id": str(-number - 1)}}).json["id"]
    eventually(lambda: len(left_of_commands(server)) == 2, "the command runs")


def kill_server(arguments, folder, database_url, moments):
    """SIGKILL to the server, which is started again at once. Clients go on posting, as they would."""
    name = "postgresql" if database_url else "sqlite"
    print(f"\nserver killed, {name}", flush=True)
    server, rounds = make_server(arguments, folder, name, database_url), []
    load, tables, quiet = Load(server, WORKFLOWS, arguments.connections), Tables(server), Quiet(server)
    try:
        for number in range(arguments.rounds):
            start_command(server, load, number)
            rate = load_until_some_moment(load, moments)
            server.kill()
            if number % 5 == 4:  # now and then it dies while it takes over, too
                server.launch()
                time.sleep(moments.uniform(0.0, 0.3))
                server.kill()
            eventually(lambda: not left_of_commands(server), "nothing of the command is left", 10)
            newest = tables.newest_job()
            figures = {"accepted/s": rate, "open at the kill": tables.open_up_to(newest)}
            figures |= take_over(server, load, tables, newest)
            load.stop()
            figures["jobs"] = check_nothing_lost(server, load)
            quiet.await_again()
            rounds.append(figures)
            print_round(number, figures)
        assert server.stop() == 0
        check_trail(server)
    finally:
        if server.process.poll() is None:
            server.kill()
    return rounds


def take_over(server, load, tables, newest):
    begin, begin_unix_ms = time.monotonic(), int(time.time() * 1000)
    server.start()
    ready = milliseconds_since(begin)
    load.turn_to(server)
    eventually(lambda: tables.open_up_to(newest) == 0, "what was open at the kill ends", 120, 0.05)
    return {"ready ms": ready, "first completion ms": tables.first_end_since(begin_unix_ms, newest),
            "all completed ms": milliseconds_since(begin)}


def kill_postmaster(arguments, folder, cluster, moments):
    """SIGKILL to PostgreSQL's postmaster, which is started again at once. The server runs on."""
    print("\npostmaster killed", flush=True)
    server, rounds = make_server(arguments, folder, "postmaster", cluster.fresh_database()), []
    load, tables = Load(server, WORKFLOWS, arguments.connections), Tables(server)
    ends, readiness, quiet, held = Ends(server), Readiness(server), Quiet(server), None
    try:
        for number in range(arguments.rounds):
            rate = load_until_some_moment(load, moments)
            readiness.seen.clear()
            begin, begin_unix_ms = time.monotonic(), int(time.time() * 1000)
            cluster.stop(signal.SIGKILL)
            cluster.start()
            back = milliseconds_since(begin)
            newest = tables.newest_job()
            figures = {"accepted/s": rate, "open at the kill": tables.open_up_to(newest), "database back ms": back}
            readiness.await_ready()
            figures["ready ms"] = milliseconds_since(begin)
            eventually(lambda: tables.open_up_to(newest) == 0, "what was open at the kill ends", 120, 0.05)
            figures["all completed ms"] = milliseconds_since(begin)
            figures["first completion ms"] = tables.first_end_since(begin_unix_ms + int(back), newest)
            load.stop()
            figures["jobs"] = check_nothing_lost(server, load, ends)
            quiet.await_again()
            figures["threads"], figures["files"] = quiet.holds()
            held = held or quiet.holds()
            assert all(now <= once + HELD_MORE for now, once in zip(quiet.holds(), held)), (quiet.holds(), held)
            rounds.append(figures)
            print_round(number, figures)
        readiness.stop()
        assert not load.unanswered, "the server has cut connections"
        assert server.stop() == 0
        check_trail(server)
    finally:
        if server.process.poll() is None:
            server.kill()
    return rounds
