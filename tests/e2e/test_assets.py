"""Assets: bytes as they were made, by parts, and only when they are needed (RFC 9110)."""

import hashlib
import struct

import pytest

from troupe_server import TroupeServer

UNKNOWN = "01a1fcfa-f0f4-7000-afb4-6e0648a3f000"


@pytest.fixture(scope="module")
def drawn(troupe, tmp_path_factory):
    """A server with one job that drew two pictures."""
    server = TroupeServer(troupe, tmp_path_factory.mktemp("server")).start()
    server.apply({"key": "draw", "steps": [{"name": "draw", "type": "generate", "config": {
        "prompt": "a red fox", "count": 2, "width": 640, "height": 384, "seed": 7}}]})
    job = server.run("draw")
    assert job["status"] == "success", job
    yield server, job
    assert server.stop() == 0


@pytest.fixture
def http(drawn):
    return drawn[0].http


@pytest.fixture
def asset(drawn):
    return drawn[1]["assets"][0]


@pytest.fixture
def path(asset):
    return f"/v1/assets/{asset['id']}/content"


@pytest.fixture
def whole(http, path):
    return http.get(path).body


def test_an_asset_is_described(http, asset, drawn):
    described = http.get(f"/v1/assets/{asset['id']}").json
    assert described == asset
    assert {"id", "run_id", "step", "ordinal", "uri", "url", "media_type", "bytes", "sha256", "width", "height", "status", "notes",
            "created_at"} <= set(described)
    assert (described["media_type"], described["width"], described["height"], described["step"]) == ("image/png", 640, 384, "draw")
    assert [a["ordinal"] for a in drawn[1]["assets"]] == [0, 1] or [a["ordinal"] for a in drawn[1]["assets"]] == [1, 2]
    assert len({a["sha256"] for a in drawn[1]["assets"]}) == 2, "variants differ"


def test_content_is_what_the_digest_and_the_size_say(http, asset, path):
    answer = http.get(path)
    assert answer.status == 200 and answer.headers["Content-Type"] == "image/png"
    assert hashlib.sha256(answer.body).hexdigest() == asset["sha256"]
    assert len(answer.body) == asset["bytes"] == int(answer.headers["Content-Length"])
    assert answer.body.startswith(b"\x89PNG\r\n\x1a\n") and struct.unpack(">II", answer.body[16:24]) == (640, 384)
    assert answer.headers["Accept-Ranges"] == "bytes" and answer.headers["ETag"].startswith('"')
    assert "Content-Disposition" in answer.headers and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_same_prompt_seed_and_size_give_the_same_bytes(drawn):
    server, job = drawn
    assert [a["sha256"] for a in server.run("draw")["assets"]] == [a["sha256"] for a in job["assets"]]


def test_head_says_what_get_would_without_the_bytes(http, path):
    got, head = http.get(path), http("HEAD", path)
    assert head.status == 200 and head.body == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
        assert head.headers[name] == got.headers[name], name


RANGES = [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=100-", 100, None), ("bytes=-50", -50, None), ("bytes=0-99999999", 0, None),
          ("bytes=-99999999", 0, None), ("Bytes=5-6", 5, 7)]


@pytest.mark.parametrize("header, first, end", RANGES)
def test_a_range_is_answered_206_with_its_place(http, path, whole, header, first, end):
    answer = http.get(path, headers={"Range": header})
    begin = first if first >= 0 else len(whole) + first
    assert answer.status == 206, answer.status
    assert answer.body == whole[first:end]
    assert answer.headers["Content-Range"] == f"bytes {begin}-{begin + len(answer.body) - 1}/{len(whole)}"
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_ranges_put_together_are_the_whole(http, path, whole):
    size = 10_007
    parts = [http.get(path, headers={"Range": f"bytes={at}-{at + size - 1}"}).body for at in range(0, len(whole), size)]
    assert b"".join(parts) == whole


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=99999999-999999999", "bytes=-0"])
def test_a_range_outside_is_416_with_the_size(http, path, whole, header):
    answer = http.get(path, headers={"Range": header})
    assert (answer.status, answer.json["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes", "bytes=", "bytes=--1", "bytes=0-1,5-6", "bytes=1-2-3"])
def test_a_range_that_is_none_or_several_gives_the_whole(http, path, whole, header):
    """RFC 9110: an invalid Range is ignored; several may be."""
    answer = http.get(path, headers={"Range": header})
    assert answer.status == 200 and answer.body == whole


@pytest.mark.parametrize("form", ["{0}", "W/{0}", '"other", {0}', "*"])
def test_what_the_caller_has_is_304(http, path, form):
    etag = http.get(path).headers["ETag"]
    answer = http.get(path, headers={"If-None-Match": form.format(etag)})
    assert (answer.status, answer.body) == (304, b"") and answer.headers["ETag"] == etag


def test_another_etag_gives_the_whole(http, path, whole):
    answer = http.get(path, headers={"If-None-Match": '"other"'})
    assert answer.status == 200 and answer.body == whole


def test_304_wins_over_a_range(http, path):
    etag = http.get(path).headers["ETag"]
    assert http.get(path, headers={"If-None-Match": etag, "Range": "bytes=0-1"}).status == 304


@pytest.mark.parametrize("form, status", [("{0}", 206), ('"other"', 200), ("W/{0}", 200), ("Sat, 21 Nov 2026 07:21:06 GMT", 200)])
def test_if_range_gives_the_part_only_of_the_same_content(http, path, whole, form, status):
    etag = http.get(path).headers["ETag"]
    answer = http.get(path, headers={"Range": "bytes=0-9", "If-Range": form.format(etag)})
    assert answer.status == status and answer.body == (whole[:10] if status == 206 else whole)


def test_a_thumbnail_is_a_small_picture(http, asset):
    answer = http.get(f"/v1/assets/{asset['id']}/thumbnail")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("image/")
    width, height = struct.unpack(">II", answer.body[16:24])
    assert max(width, height) <= 512 and abs(width / height - 640 / 384) < 0.02
    assert http.get(f"/v1/assets/{asset['id']}/thumbnail", headers={"If-None-Match": answer.headers["ETag"]}).status == 304


def test_files_of_a_command_are_assets_and_harmless_to_a_browser(make_server):
    server = make_server(config='[exec.commands.sh]\nprogram = "/bin/sh"\nargs = ["-c"]\n').start()
    server.apply({"key": "write", "steps": [{"name": "it", "type": "exec", "config": {"command": "sh", "args": [
        "cd $TROUPE_OUTPUT_DIR; mkdir sub; printf '<script>alert(1)</script>' > 'sub/a \"b\" \u00e4.html'; : > empty; ln -s /etc/passwd link"]}}]})
    job = server.run("write")
    assert job["status"] == "success", job
    assets = {asset["bytes"]: asset for asset in job["assets"]}
    assert sorted(assets) == [0, 25], "the link is not followed"
    page = server.http.get(f"/v1/assets/{assets[25]['id']}/content")
    assert page.headers["Content-Disposition"].startswith("attachment") or "sandbox" in page.headers.get("Content-Security-Policy", "")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    empty = server.http.get(f"/v1/assets/{assets[0]['id']}/content")
    assert (empty.status, empty.body) == (200, b"")
    assert server.http.get(f"/v1/assets/{assets[0]['id']}/content", headers={"Range": "bytes=0-"}).status == 416


def test_assets_are_there_after_a_restart(make_server):
    server = make_server().start()
    server.apply({"key": "draw", "steps": [{"name": "draw", "type": "generate", "config": {"prompt": "x", "count": 1, "width": 64, "height": 64}}]})
    asset = server.run("draw")["assets"][0]
    server.kill()
    server.start()
    body = server.http.get(f"/v1/assets/{asset['id']}/content").body
    assert hashlib.sha256(body).hexdigest() == asset["sha256"]


def test_content_that_has_gone_or_was_changed_is_not_handed_out_as_if_whole(make_server):
    server = make_server().start()
    server.apply({"key": "draw", "steps": [{"name": "draw", "type": "generate", "config": {"prompt": "x", "count": 1, "width": 64, "height": 64}}]})
    asset = server.run("draw")["assets"][0]
    blobs = [file for file in (server.data_dir / "blobs").rglob("*") if file.is_file() and file.stat().st_size == asset["bytes"]]
    assert len(blobs) == 1
    blobs[0].unlink()
    answer = server.http.get(f"/v1/assets/{asset['id']}/content")
    assert answer.status in (404, 500) and answer.content_type == "application/problem+json", answer
    assert server.http.get("/healthz").status == 200
