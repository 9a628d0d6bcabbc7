"""Many connections that post jobs without a pause, and a book of what each post was told: what the tests of faults hold
against the database afterwards (witness.py).

Every job is numbered, and the number goes with it as `metadata.user_id`. Most are posted once, whatever comes of it; on every
fourth connection each has a `job_id` of its own and is posted again until it is accepted, as a careful client does it.
"""

import json
import random
import selectors
import socket
import threading
import time

REST = 0.02  # seconds after a refusal or a lost connection; else a fault would be met by nothing but refusals


class Lane:
    """A connection with at most one request in flight. `number` is the job it is about, if any."""

    def __init__(self, insists):
        self.insists, self.number = insists, None
        self.socket, self.received, self.is_waiting, self.rests_until = None, b"", False, 0.0


class Load:
    """Runs in a thread from start() to stop(). What it was told may be read at any time:

    accepted    number -> the job's UUID
    refused     number -> the code of the 503; of jobs of which nothing else was ever told
    unanswered  numbers of posts that were cut off: the job may be accepted, or not
    refusals    how often 503 was said
    """

    def __init__(self, server, workflows, connections=16, rest=REST):
        self.accepted, self.refused, self.unanswered, self.wrong = {}, {}, set(), []
        self.posted, self.refusals = 0, 0
        self._workflows, self._rest = workflows, rest
        self._lanes = [Lane(insists=index % 4 == 3) for index in range(connections)]
        self._selector = selectors.DefaultSelector()
        self._random = random.Random(1)
        self._goes_on, self._gives_up_at = False, None
        self._thread = None
        self.turn_to(server)

    def turn_to(self, server):
        """From now on (or again) this server is asked; it may have another port than before."""
        self._address = (server.http.host, server.http.port)

    def start(self):
        """May be called again after stop(): numbers and book go on."""
        self._goes_on = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def stop(self, patience=90):
        """Begins no other job, and waits until every request under way is answered, and every job that is posted again is
        accepted."""
        self._gives_up_at = time.monotonic() + patience
        self._goes_on = False
        self._thread.join()
        for lane in self._lanes:
            if lane.number is not None:
                self.unanswered.add(lane.number)
                self.refused.pop(lane.number, None)
                lane.number = None
            self._hang_up(lane)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self._goes_on:
            self.stop(90 if kind is None else 0)

    # --- the thread ----------------------------------------------------------------------------------------------------

    def _run(self):
        while self._goes_on or self._has_work():
            now = time.monotonic()
            for lane in self._lanes:
                if not lane.is_waiting and lane.rests_until <= now:
                    self._post(lane)
            for key, _ in self._selector.select(0.01):
                self._receive(key.data)

    def _has_work(self):
        return time.monotonic() < self._gives_up_at and any(lane.number is not None for lane in self._lanes)

    def _post(self, lane):
        if lane.number is None:
            if not self._goes_on:
                return
            lane.number = self.posted
            self.posted += 1
        try:
            if lane.socket is None:
                lane.socket = socket.create_connection(self._address, timeout=5)
                lane.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._selector.register(lane.socket, selectors.EVENT_READ, lane)
            lane.socket.sendall(self._request(lane))
            lane.is_waiting = True
        except OSError:
            self._cut_off(lane)

    def _request(self, lane):
        number = lane.number
        body = {"workflow_key": self._workflows[number % len(self._workflows)], "inputs": {"n": number},
                "metadata": {"user_id": str(number)}}
        if lane.insists:
            body["job_id"] = f"mine-{number}"
        text = json.dumps(body).encode()
        return b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
            len(text), text)

    def _receive(self, lane):
        try:
            piece = lane.socket.recv(65536)
        except OSError:
            piece = b""
        if not piece:
            return self._cut_off(lane)
        lane.received += piece
        head, end, body = lane.received.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]):
            lane.received, lane.is_waiting = b"", False
            self._answered(lane, int(head[9:12]), body)

    def _answered(self, lane, status, body):
        number = lane.number
        if status == 202 or (status == 200 and lane.insists):
            self.accepted[number] = body.partition(b'"id":"')[2][:36].decode()  # parsing all of it would be half the load's work
            self.refused.pop(number, None)
            lane.number = None
        elif status == 503:
            self.refusals += 1
            if number not in self.unanswered:
                self.refused[number] = json.loads(body)["code"]
            self._rest_now(lane)
        else:
            self.wrong.append((number, status, body))
            lane.number = None

    def _cut_off(self, lane):
        self._hang_up(lane)
        self.unanswered.add(lane.number)
        self.refused.pop(lane.number, None)
        self._rest_now(lane)

    def _rest_now(self, lane):
        lane.rests_until = time.monotonic() + self._rest * self._random.uniform(0.5, 1.5)
        if not lane.insists:
            lane.number = None

    def _hang_up(self, lane):
        if lane.socket is not None:
            self._selector.unregister(lane.socket)
            lane.socket.close()
        lane.socket, lane.received, lane.is_waiting = None, b"", False
