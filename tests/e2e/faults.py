"""What the tests of faults have in common: work for the load, and what must hold when a fault is over."""

from http_client import eventually
from load import Load
from witness import Ends, Readiness, check_nothing_lost, check_trail

ONE_STEP = {"key": "one-step", "steps": [{"name": "it", "type": "noop"}]}
# Its run waits, goes on and ends in commits of its own, each of which may meet the fault.
THREE_STEPS = {"key": "three-steps",
               "inputs": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
               "steps": [{"name": "begin", "type": "noop"},
                         {"name": "pause", "type": "delay", "config": {"duration": "30ms"}},
                         {"name": "double", "type": "transform", "config": {"value": "${ .inputs.n * 2 }"}}],
               "outputs": {"doubled": "${ .steps.double.value }"}}
WORKFLOWS = [ONE_STEP["key"], THREE_STEPS["key"]]


class Ordeal:
    """A server under load that is watched while the test does harm to its database.

    with Ordeal(server) as ordeal: …harm, and its end…       then it must be ready again by itself, and nothing be lost.
    """

    def __init__(self, server, connections=16):
        server.apply(ONE_STEP)
        server.apply(THREE_STEPS)
        self.server, self.ends, self.readiness = server, Ends(server), Readiness(server)
        self.load, self.jobs, self._posted = Load(server, WORKFLOWS, connections), 0, 0

    def __enter__(self):
        self.load.start()
        return self

    def await_accepted(self, count):
        """So many jobs more."""
        enough = len(self.load.accepted) + count
        eventually(lambda: len(self.load.accepted) >= enough, "jobs are accepted", 180)

    def await_refusal(self):
        """A client that comes now is told to come again, at once. (The load may be waiting for commits in doubt.)"""
        answer = eventually(lambda: (answer := self._post()).status != 202 and answer, "a job is refused")
        assert answer.status == 503 and int(answer.headers["Retry-After"]) >= 0, answer
        assert answer.json["code"] in ("disk_full", "not_ready", "store_unavailable"), answer
        assert self.server.http.get("/healthz").status == 200

    def _post(self):
        self._posted += 1
        answer = self.server.http.post("/v1/jobs", {"workflow_key": ONE_STEP["key"], "metadata": {"user_id": str(-self._posted)}})
        if answer.status == 202:
            self.load.accepted[-self._posted] = answer.json["id"]
        else:
            self.load.refused[-self._posted] = answer.status
        return answer

    def __exit__(self, kind, *_):
        if kind is not None:
            self.load.stop(0)
            return
        self.readiness.await_ready()
        self.load.stop()
        self.jobs = check_nothing_lost(self.server, self.load, self.ends)
        self.readiness.stop()
        assert not self.load.unanswered, "the server has cut connections"
        assert self.server.stop() == 0
        check_trail(self.server)
        print(f"{self.jobs} jobs, {len(self.load.refused)} refused; /readyz said {self.readiness.reasons()}")
