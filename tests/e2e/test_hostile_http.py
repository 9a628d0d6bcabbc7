"""Whatever bytes arrive: an answer or a closed connection, and everybody else is served (CONTRACTS: body limits, 408, 413, 431)."""

import os
import random
import resource
import socket
import ssl
import threading
import time

import pytest

from http_client import eventually
from troupe_server import TroupeServer

GET = b"GET /healthz HTTP/1.1\r\nHost: troupe\r\n"
POST = b"POST /v1/jobs HTTP/1.1\r\nHost: troupe\r\nContent-Type: application/json\r\n"
IMPATIENT = "[server]\nrequest_stall = '500ms'\nkeep_alive_idle = '1s'\n"


def status_of(answer):
    """The status of the first answer; None where the connection was closed without one."""
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.") else None


def is_alive(server):
    return server.process.poll() is None and server.http.get("/healthz").status == 200


# --- too slow --------------------------------------------------------------------------------------------------------

HALF_SENT = {
    "half a request line": b"GET /v1/jo",
    "half a head": GET + b"X-More: to",
    "no end of the head": GET,
    "no body": POST + b"Content-Length: 10\r\n\r\n",
    "half a body": POST + b"Content-Length: 10\r\n\r\n{\"wor",
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"w",
    "no last chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
}


@pytest.mark.parametrize("sent", HALF_SENT.values(), ids=HALF_SENT.keys())
def test_a_request_that_stalls_is_answered_408_and_closed(make_server, sent):
    server = make_server(config=IMPATIENT).start()
    with server.http.raw() as connection:
        answer = connection.send(sent).read_to_end()
    assert status_of(answer) == 408, answer
    assert b"application/problem+json" in answer and b'"request_timeout"' in answer
    assert is_alive(server)


def test_a_stalled_request_is_closed_after_10_s_by_default(server):
    with server.http.raw() as connection:
        begun = time.monotonic()
        answer = connection.send(GET).read_to_end()
        took = time.monotonic() - begun
    assert status_of(answer) == 408 and took >= 9, (answer, took)


def test_a_head_that_drips_does_not_buy_time(make_server):
    server = make_server(config=IMPATIENT).start()
    with server.http.raw() as connection:
        connection.send(GET)
        stop = threading.Event()

        def drip():
            while not stop.wait(0.1):
                connection.send(b"X: y\r\n")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            answer = connection.read_to_end()
        finally:
            stop.set()
            dripping.join()
    assert status_of(answer) in (408, None), answer


def test_an_idle_connection_is_closed(make_server):
    server = make_server(config=IMPATIENT).start()
    with server.http.raw() as connection:
        connection.send(GET + b"\r\n").read_answers(1)
        assert connection.read_to_end() == b""


# --- ambiguous or malformed ------------------------------------------------------------------------------------------

MALFORMED = {
    "length and chunked": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "chunked and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 20\r\n\r\n{}GET /smuggled HTTP/1.1\r\n\r\n",
    "a list of lengths": POST + b"Content-Length: 2, 20\r\n\r\n{}",
    "a signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "an overflowing length": POST + b"Content-Length: 18446744073709551618\r\n\r\n{}",
    "an empty length": POST + b"Content-Length: \r\n\r\n{}",
    "unknown coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a disguised coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "space before the colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "folded header": GET + b"X-Fold: a\r\n b\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": GET + b"Host: other\r\n\r\n",
    "no version": b"GET /healthz\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.0": b"GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n",
    "NUL in a header": GET + b"X-Nul: a\x00b\r\n\r\n",
    "bare CR": GET + b"X-Cr: a\rb\r\n\r\n",
    "NUL in the target": b"GET /heal\x00thz HTTP/1.1\r\nHost: x\r\n\r\n",
    "bad chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "negative chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "overflowing chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "chunk longer than its size": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "space in the target": b"GET /health z HTTP/1.1\r\nHost: x\r\n\r\n",
    "garbage": bytes(range(256)) * 4 + b"\r\n\r\n",
    "blank request line": b" / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.fixture(scope="module")
def shared(troupe, tmp_path_factory):
    """A server that takes all of the table."""
    server = TroupeServer(troupe, tmp_path_factory.mktemp("server"), config=IMPATIENT).start()
    yield server
    assert is_alive(server) and server.stop() == 0


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_ambiguous_or_malformed_is_refused_once_and_closed(shared, sent):
    with shared.http.raw() as connection:
        answer = connection.send(sent).read_to_end()
    assert status_of(answer) in (400, 505), answer
    assert answer.count(b"HTTP/1.1 ") == 1, "what came after was taken for a request"
    assert is_alive(shared)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_never_hurt(shared, seed):
    noise = random.Random(seed)
    with shared.http.raw() as connection:
        connection.send(noise.randbytes(noise.randrange(1, 5000)))
        connection.socket.shutdown(socket.SHUT_WR)
        answer = connection.read_to_end()
    assert status_of(answer) in (None, 400, 408, 431, 505), answer
    assert is_alive(shared)


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_request_never_hurts(shared, seed):
    noise = random.Random(seed)
    request = bytearray(POST + b"Content-Length: 27\r\n\r\n" + b'{"workflow_key": "nobody"} ')
    for _ in range(noise.randrange(1, 6)):
        request[noise.randrange(len(request))] = noise.randrange(256)
    with shared.http.raw() as connection:
        connection.send(bytes(request))
        connection.socket.shutdown(socket.SHUT_WR)
        answer = connection.read_to_end()
    assert status_of(answer) is None or 400 <= status_of(answer) < 500 or status_of(answer) == 505, answer
    assert is_alive(shared)


def test_tls_on_the_plain_port_is_refused(shared):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((shared.http.host, shared.http.port), timeout=10) as plain:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(plain)
    assert is_alive(shared)


# --- too large -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("head", [GET + b"X-Large: " + b"x" * 20_000 + b"\r\n\r\n",
                                  GET + b"".join(b"X-%d: y\r\n" % n for n in range(3000)) + b"\r\n",
                                  b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                                  GET + b"X-Endless: " + b"x" * 5_000_000],
                         ids=["one header", "many headers", "target", "endless"])
def test_a_head_above_16_kib_is_431(shared, head):
    with shared.http.raw() as connection:
        answer = connection.send(head).read_to_end()
    assert status_of(answer) == 431 and b'"header_too_large"' in answer, answer
    assert is_alive(shared)


def test_a_head_just_below_16_kib_is_read(shared):
    with shared.http.raw() as connection:
        answer = connection.send(GET + b"X-Large: " + b"x" * 16_000 + b"\r\n\r\n").read_answers(1)[0]
    assert answer.status == 200


def test_a_declared_body_that_is_too_large_is_413_before_it_is_sent(shared):
    with shared.http.raw() as connection:
        answer = connection.send(POST + b"Content-Length: 10000000000\r\n\r\n").read_to_end()
    assert status_of(answer) == 413 and b'"payload_too_large"' in answer, answer


def test_a_chunked_body_that_grows_too_large_is_413(shared):
    with shared.http.raw() as connection:
        connection.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 40)
        answer = connection.read_to_end()
    assert status_of(answer) == 413, answer
    assert is_alive(shared)


def test_expect_100_continue_is_honoured(shared):
    with shared.http.raw() as connection:
        connection.send(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        assert connection.send(b"{}").read_answers(1)[0].status == 422


# --- many ------------------------------------------------------------------------------------------------------------

def test_pipelined_requests_are_answered_in_order(shared):
    paths = [b"/healthz", b"/v1/nothing", b"/v1/meta"] * 30
    with shared.http.raw() as connection:
        connection.send(b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in paths))
        answers = connection.read_answers(len(paths))
    assert [answer.status for answer in answers] == [200, 404, 200] * 30


def test_a_request_after_connection_close_is_not_answered(shared):
    with shared.http.raw() as connection:
        answer = connection.send(GET + b"Connection: close\r\n\r\n" + GET + b"\r\n").read_to_end()
    assert answer.count(b"HTTP/1.1 ") == 1


IDLE = 5000


def test_thousands_of_idle_connections_hold_nobody_up(make_server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 500:
        pytest.skip(f"this machine lets a process open {hard} files only")
    files = (resource.RLIMIT_NOFILE, (max(soft, IDLE + 500), hard))
    server = make_server(limits=[files]).start()
    resource.setrlimit(*files)
    connections = []
    try:
        for number in range(IDLE):
            connection = server.http.raw()
            connections.append(connection)
            if number % 2:
                connection.send(GET)  # half of them have begun a request
            if number % 1000 == 999:
                assert server.http.get("/healthz", timeout=10).status == 200
        eventually(lambda: open_connections(server) >= IDLE, "all of them are open")
        server.apply({"key": "quick", "steps": [{"name": "only", "type": "noop"}]})
        assert server.run("quick")["status"] == "success"
    finally:
        for connection in connections:
            connection.socket.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    eventually(lambda: open_connections(server) < 10, "closed connections are let go")


def open_connections(server):
    lines = server.http.get("/metrics").body.decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("troupe_connections "))


def test_above_the_bound_the_longest_idle_connection_gives_way(make_server):
    server = make_server(config="[server]\nconnections = 50\n").start()
    connections = [server.http.raw() for _ in range(200)]
    try:
        assert server.http.get("/healthz", timeout=10).status == 200
        assert connections[0].read_to_end() == b""
    finally:
        for connection in connections:
            connection.socket.close()


def test_more_connections_than_files_do_not_end_the_server(make_server):
    server = make_server(limits=[(resource.RLIMIT_NOFILE, (200, 200))]).start()
    connections = []
    try:
        for _ in range(400):
            connections.append(socket.create_connection((server.http.host, server.http.port), timeout=10))
    finally:
        for connection in connections:
            connection.close()
    eventually(lambda: is_alive(server), "it answers again")


# --- gone in the middle ----------------------------------------------------------------------------------------------

def test_readers_that_leave_in_the_middle_of_events_are_let_go(make_server):
    server = make_server().start()
    server.apply({"key": "slow", "steps": [{"name": "wait", "type": "delay", "config": {"duration": "1h"}}]})
    job_id = server.submit("slow", timeout_seconds=7200)
    files = open_files(server)
    for _ in range(50):
        with server.http.raw() as connection:
            connection.send(b"GET /v1/jobs/%s/events HTTP/1.1\r\nHost: x\r\n\r\n" % job_id.encode())
            connection.read_until(b"text/event-stream")
    eventually(lambda: open_files(server) <= files + 2, "streams of those who left are closed")
    assert server.http.post(f"/v1/jobs/{job_id}/cancel", {"reason": "over"}).status == 202
    assert server.await_end(job_id)["status"] == "cancelled"


def test_readers_that_leave_in_the_middle_of_a_download_are_let_go(make_server):
    server = make_server().start()
    server.apply({"key": "draw", "steps": [{"name": "draw", "type": "generate",
                                           "config": {"prompt": "noise", "count": 1, "width": 1024, "height": 1024}}]})
    asset = server.run("draw")["assets"][0]
    files = open_files(server)
    for _ in range(50):
        with server.http.raw() as connection:
            connection.send(b"GET /v1/assets/%s/content HTTP/1.1\r\nHost: x\r\n\r\n" % asset["id"].encode())
            connection.read_until(b"PNG")
    eventually(lambda: open_files(server) <= files + 2, "downloads of those who left are closed")
    assert len(server.http.get(f"/v1/assets/{asset['id']}/content").body) == asset["bytes"]


def open_files(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))
