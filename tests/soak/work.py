"""One server under ordinary work for a long time, and what is looked at meanwhile."""

import http.client
import json
import os
import random
import re
import subprocess
import threading
import time
import traceback

from http_client import eventually
from troupe_server import TroupeServer
from witness import Ends, Tables, check_trail, plain

CONFIG = """
[retention]
period = "1s"
answers = "30s"
blobs = "1h"
blobs_period = "30s"
"""
IMAGES = {"prompt": "${ .inputs.prompt }", "count": 2, "width": 64, "height": 64}
FLAKY = {"method": "GET", "url": "http://127.0.0.1:9/"}  # nobody listens there
WORKFLOWS = [
    {"key": "brief", "retention": "5s", "steps": [{"name": "one", "type": "noop"}]},
    {"key": "chain", "retention": "60s", "steps": [{"name": f"s{n}", "type": "transform", "config": {"value": n}} for n in range(5)]},
    {"key": "images", "retention": "20s", "steps": [{"name": "draw", "type": "generate", "config": IMAGES}]},
    {"key": "failing", "retention": "30s", "steps": [
        {"name": "call", "type": "http", "config": FLAKY, "retry": {"max_attempts": 2, "initial": "100ms"}}]},
    {"key": "waiting", "retention": "10s", "steps": [{"name": "wait", "type": "delay", "config": {"duration": "90s"}}]},
]
SHARES = [50, 20, 5, 10, 15]
TABLES = ("job", "journal", "journal_stub", "step_result", "asset", "notable", "parked", "retained", "job_key", "idempotency",
          "run", "run_archive")
LONGEST = 100  # seconds until a job is gone: the longest delay or class, and some
SAMPLE = 10


class Work:
    def __init__(self, arguments, folder, database_url):
        folder.mkdir()
        self.rate, self.seconds = arguments.rate, arguments.seconds
        self.server = TroupeServer(arguments.troupe.resolve(), folder, config=CONFIG, database_url=database_url)
        self.accepted, self.refused, self.samples, self.problems = {}, 0, [], []

    def run(self):
        try:
            self._run()
        except Exception:
            self.problems.append(traceback.format_exc())
        finally:
            if self.server.process and self.server.process.poll() is None:
                self.server.stop()

    def _run(self):
        self.server.start()
        for definition in WORKFLOWS:
            self.server.apply(definition)
        ends = Ends(self.server)
        over = threading.Event()
        sampler = threading.Thread(target=self._sample, args=(over,))
        sampler.start()
        self._post(time.monotonic() + self.seconds)
        over.set()
        sampler.join()
        eventually(lambda: len(ends.told) >= len(self.accepted), "every accepted job ends", LONGEST + 60, 1)
        self._expect(set(ends.told) == set(self.accepted), "what ended is what was accepted")
        self._expect(max(ends.told.values()) == 1, "every job ended once")
        self._expect(self.server.http.get("/v1/audit/verify", timeout=600).json["whole"], "the audit trail is whole")
        self._judge()
        self._expect(self.server.stop() == 0, "the server stops")
        check_trail(self.server)
        errors = [line for line in self.server.log().splitlines() if json.loads(line)["level"] == "error"]
        self._expect(not errors, f"no errors in the log: {errors[:3]}")

    def _expect(self, holds, what):
        if not holds:
            self.problems.append(f"not so: {what}")

    def _post(self, until):
        """At the rate, on one connection; a tenth of the jobs have a job_id, a tenth an Idempotency-Key."""
        chance, number = random.Random(1), 0
        connection = http.client.HTTPConnection(self.server.http.host, self.server.http.port, timeout=60)
        due = time.monotonic()
        while due < until:
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / self.rate
            number += 1
            body = {"workflow_key": chance.choices(WORKFLOWS, SHARES)[0]["key"], "inputs": {"prompt": f"picture {number}"}}
            headers = {"Content-Type": "application/json"}
            if number % 10 == 0:
                body["job_id"] = f"soak-{number}"
            if number % 10 == 5:
                headers["Idempotency-Key"] = f"soak-{number}"
            connection.request("POST", "/v1/jobs", json.dumps(body), headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            if answer.status == 202:
                self.accepted[plain(told["id"])] = number
            elif answer.status == 503:
                self.refused += 1
            else:
                self.problems.append(f"job {number}: {answer.status} {told}")
        connection.close()

    # --- what is looked at ---------------------------------------------------------------------------------------------

    def _sample(self, over):
        tables, begin = Tables(self.server), time.monotonic()
        while not over.wait(SAMPLE):
            sample = {"at": time.monotonic() - begin}
            for table in TABLES:
                sample[table] = tables.count(table)
            sample["rows"] = sum(sample[table] for table in TABLES)
            sample["database_mib"] = tables.bytes() / 2**20
            self._age_blobs()
            sample["blobs"] = sum(len(files) for _, _, files in os.walk(self.server.data_dir / "blobs"))
            status = open(f"/proc/{self.server.pid}/status").read()
            sample["rss_mib"] = int(re.search(r"VmRSS:\s*(\d+)", status)[1]) / 1024
            sample["threads"] = int(re.search(r"Threads:\s*(\d+)", status)[1])
            sample["descriptors"] = len(os.listdir(f"/proc/{self.server.pid}/fd"))
            self.samples.append(sample)

    def _age_blobs(self):
        """What was stored a minute ago is as if it had been stored hours ago: the server takes no shorter time."""
        now = time.time()
        for blob in (self.server.data_dir / "blobs").glob("??/*"):
            try:
                if blob.stat().st_mtime < now - 60:
                    os.utime(blob, (now - 7200, now - 7200))
            except FileNotFoundError:
                pass  # it was removed just now

    def _judge(self):
        """What is greatest in the last third against what was greatest in the second: the first fills up."""
        third = len(self.samples) // 3
        if third < 2 or self.samples[third]["at"] < LONGEST + 30:
            self.problems.append("too short to tell what grows: take more --seconds")
            return
        for name in self.samples[0]:
            if name == "at":
                continue
            before = max(sample[name] for sample in self.samples[third:2 * third])
            after = max(sample[name] for sample in self.samples[2 * third:])
            self._expect(after <= before * 1.25 + 50, f"{name} stays what it is: at most {before:.0f}, then {after:.0f}")

    def summary(self):
        def spread(name):
            values = [sample[name] for sample in self.samples[len(self.samples) // 3:]]
            return f"{name} {min(values):.0f}–{max(values):.0f}" if values else name
        names = [name for name in (self.samples[0] if self.samples else {}) if name != "at"]
        return (f"{len(self.accepted)} jobs accepted, {self.refused} refused, in {self.seconds:.0f} s; after the first third: "
                + ", ".join(spread(name) for name in names))
