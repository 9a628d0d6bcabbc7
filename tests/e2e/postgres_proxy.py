"""A proxy between Troupe and PostgreSQL that knows enough of the protocol to break a connection exactly at a COMMIT.

  Troupe ──TCP, 127.0.0.1──► proxy ──Unix socket──► PostgreSQL

What it does at a COMMIT, the name says; all but `stalled` and `deaf` end the connection to Troupe with a reset.

  torn          of the transaction before COMMIT only the beginning arrived, cut anywhere
  before        COMMIT is not passed on, and PostgreSQL learns that the connection is gone
  deaf          COMMIT is not passed on, and PostgreSQL is not told: it keeps the locks until its own time-out
  racing        COMMIT is passed on, and the connection to Troupe cut in the same moment
  after         COMMIT is passed on, and has happened, when the connection is cut: no byte of its answer was passed back
  half_answer   the same, but Troupe has read that it has happened, and not that the server is ready again
  stalled       COMMIT is passed on, and then nothing: no answer, no end of the connection
"""

import random
import select
import socket
import struct
import threading
from collections import Counter
from urllib.parse import parse_qs, urlsplit

QUICK_FAULTS = ("torn", "before", "racing", "after", "half_answer")


class PostgresProxy:
    def __init__(self, url, seed=0):
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        self._target = f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://troupe@127.0.0.1:{port}{parts.path}?sslmode=disable&gssencmode=disable"
        self.random = random.Random(seed)
        self.commits, self.done = 0, Counter()
        self._lock, self._next, self._share = threading.Lock(), [], 0.0
        self._bridges, self._ended = set(), threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def break_next(self, *faults):
        """The next COMMITs, one fault each."""
        with self._lock:
            self._next += faults

    def break_some(self, share):
        """From now on this share of all COMMITs meets a quick fault, drawn by the seed."""
        with self._lock:
            self._share = share

    def cut_all(self):
        """Ends every connection, whatever is under way."""
        with self._lock:
            bridges = list(self._bridges)
        for bridge in bridges:
            bridge.cut()

    def stop(self):
        self._ended.set()
        self._listener.close()
        self.cut_all()

    def _accept(self):
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self._target)
        except OSError:  # PostgreSQL is down: the caller is told by the end of its connection
            client.close()
            return server.close()
        bridge = Bridge(self, client, server)
        with self._lock:
            self._bridges.add(bridge)
        try:
            bridge.run()
        except OSError:
            pass
        finally:
            with self._lock:
                self._bridges.discard(bridge)
            bridge.close()

    def draw_fault(self, at):
        """What is to happen to this transaction, asked at its BEGIN and at its COMMIT; None: nothing."""
        with self._lock:
            self.commits += at == "COMMIT"
            if self._next and (self._next[0] == "torn") == (at == "BEGIN"):
                fault = self._next.pop(0)
            elif not self._next and self.random.random() < self._share:
                fault = self.random.choice(QUICK_FAULTS)
                if (fault == "torn") != (at == "BEGIN"):
                    return None
            else:
                return None
            self.done[fault] += 1
            return fault


class Bridge:
    """One connection of Troupe, and the one to PostgreSQL that belongs to it. One thread, but cut() may be called by any."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.from_client, self.is_started = b"", False

    def cut(self):
        """From any thread: wakes the bridge's own, which ends it."""
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already

    def close(self):
        self._reset_client()
        self.server.close()

    def _reset_client(self):
        if self.client.fileno() >= 0:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.client.close()

    def run(self):
        while True:
            ready, _, _ = select.select([self.client, self.server], [], [])
            if self.server in ready:
                data = self.server.recv(1 << 16)
                if not data:
                    return
                self.client.sendall(data)
            if self.client in ready:
                data = self.client.recv(1 << 16)
                if not data:
                    return
                self.from_client += data
                if not self._pass_on():
                    return

    def _pass_on(self):
        """Passes whole messages on. False: the connection is to end."""
        while message := self._next_message():
            fault = None
            for statement in ("BEGIN", "COMMIT"):
                if message.startswith(b"P") and message[5:].startswith(b"\0" + statement.encode() + b"\0"):
                    fault = self.proxy.draw_fault(statement)
            if fault is None:
                self.server.sendall(message)
                continue
            self.from_client = message + self.from_client
            return getattr(self, "_" + fault)()
        return True

    def _next_message(self):
        head = 1 if self.is_started else 0  # the first message of a connection has no type
        if len(self.from_client) < head + 4:
            return None
        size = head + struct.unpack_from("!I", self.from_client, head)[0]
        if len(self.from_client) < size:
            return None
        self.is_started = True
        message, self.from_client = self.from_client[:size], self.from_client[size:]
        return message

    # --- faults; what has been read of the client is in from_client, the fatal message first -----------------------------

    def _torn(self):
        self.server.sendall(self.from_client[:self.proxy.random.randrange(len(self.from_client))])
        return False

    def _before(self):
        return False

    def _deaf(self):
        self._reset_client()
        self.proxy._ended.wait(60)
        return False

    def _commit(self):
        while b"S\0\0\0\4" not in self.from_client:
            self.from_client += self.client.recv(1 << 16)
        self.server.sendall(self.from_client)

    def _racing(self):
        self._commit()
        self._reset_client()
        self.server.settimeout(60)
        self.server.recv(1 << 16)  # PostgreSQL shall not notice before it has answered
        return False

    def _answer(self):
        answer = b""
        while b"Z\0\0\0\5" not in answer:
            piece = self.server.recv(1 << 16)
            if not piece:
                raise OSError("PostgreSQL has gone")
            answer += piece
        return answer

    def _after(self):
        self._commit()
        self._answer()
        return False

    def _half_answer(self):
        self._commit()
        answer = self._answer()
        self.client.sendall(answer[:answer.index(b"Z\0\0\0\5")])
        self.client.shutdown(socket.SHUT_WR)  # a reset could overtake what was sent
        self.client.settimeout(60)
        self.client.recv(1 << 16)
        return False

    def _stalled(self):
        self._commit()
        self._answer()
        while not self.proxy._ended.is_set():
            if not select.select([self.client], [], [], 1)[0]:
                continue
            if not self.client.recv(1 << 16):
                break
        return False
