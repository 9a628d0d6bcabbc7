"""A tiny HTTP client: one request a connection, and raw connections for what no proper client would send."""

import http.client
import json
import socket
import time
from urllib.parse import urlsplit


class Answer:
    """What the server said. Header names are looked up without regard to case."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def content_type(self):
        return (self.headers.get("Content-Type") or "").split(";")[0]

    def __repr__(self):
        return f"<{self.status} {self.content_type} {self.body[:600]!r}>"


class HttpClient:
    """Sends requests to one server. `json` and `body` exclude each other; `token` is an API key."""

    def __init__(self, url, token=None, timeout=30):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.token, self.timeout = token, timeout

    def __call__(self, method, path, json=None, body=None, headers=None, timeout=None):
        return self._send(method, path, json, body, headers, timeout)

    def _send(self, method, path, value, body, headers, timeout):
        headers = dict(headers or {})
        if value is not None:
            body = json.dumps(value).encode()
            headers.setdefault("Content-Type", "application/json")
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout or self.timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **options):
        return self("GET", path, **options)

    def post(self, path, json=None, **options):
        return self("POST", path, json=json, **options)

    def raw(self, timeout=30):
        return RawConnection(self.host, self.port, timeout)


class RawConnection:
    """A socket that sends exactly the bytes it is told to."""

    def __init__(self, host, port, timeout=30):
        self.socket = socket.create_connection((host, port), timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends; a server that has already hung up is no error here, what it said still counts."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def read_to_end(self):
        """Everything until the server closes; a reset ends it too."""
        data = b""
        while True:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return data
            if not piece:
                return data
            data += piece

    def read_until(self, mark):
        data = b""
        while mark not in data:
            piece = self.socket.recv(65536)
            assert piece, f"closed before {mark!r}: {data!r}"
            data += piece
        return data

    def read_answers(self, count):
        """The next answers on this connection, which must announce their length."""
        file = self.socket.makefile("rb")
        answers = []
        for _ in range(count):
            status = int(file.readline().split()[1])
            headers = http.client.parse_headers(file)
            answers.append(Answer(status, headers, file.read(int(headers["Content-Length"]))))
        return answers


def eventually(condition, what, deadline=30.0, pause=0.05):
    """The first true value of the condition; fails when the deadline has passed without one."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {deadline} s: {what}"
        time.sleep(pause)
