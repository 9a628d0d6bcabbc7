"""A step over as many items as may be: in order, over a kill, and no more at once than it says."""

import pytest

from http_client import eventually

ITEMS = 10_000
WIDE = {
    "key": "wide",
    "steps": [
        {"name": "double", "type": "transform", "for_each": f"${{ [range({ITEMS})] }}", "config": {"value": "${ .item * 2 }"}},
        {"name": "sum", "type": "transform", "config": {"value": "${ [.steps.double[].value] | {count: length, sum: add, last: .[-1]} }"}},
    ],
    "outputs": {"all": "${ .steps.sum.value }", "in_order": "${ [.steps.double[].value] | . == sort }"},
}


@pytest.fixture
def server(make_server):
    server = make_server(config="[exec.commands.sh]\nprogram = '/bin/sh'\nargs = ['-c']\n\n[worker]\nslots = 8\n").start()
    server.apply(WIDE)
    return server


def test_ten_thousand_items_are_done_in_order_over_kills(server):
    job = server.submit("wide")
    for part in (0.1, 0.6):
        eventually(lambda: server.http.get(f"/v1/jobs/{job}/status").json["progress"] > part / 2, "it is under way", 60, 0.01)
        server.kill()
        server.start()
    done = server.await_end(job, 120)
    assert done["status"] == "success", done["error"]
    assert done["outputs"] == {"all": {"count": ITEMS, "sum": ITEMS * (ITEMS - 1), "last": 2 * (ITEMS - 1)}, "in_order": True}
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_no_more_items_are_under_way_than_the_step_says(server, tmp_path):
    # Each item notes how many are at work while it is; the counter is a folder of its own for each.
    script = f"mkdir {tmp_path}/at.$0; ls -d {tmp_path}/at.* | wc -l >> {tmp_path}/seen; sleep 0.05; rmdir {tmp_path}/at.$0"
    server.apply({"key": "narrow", "steps": [{"name": "work", "type": "exec", "for_each": "${ [range(40)] }", "max_parallel": 3,
                                             "config": {"command": "sh", "args": [script, "${ .item }"]}}]})
    assert server.run("narrow")["status"] == "success"
    seen = [int(line) for line in (tmp_path / "seen").read_text().split()]
    assert len(seen) == 40 and max(seen) == 3, seen


def test_one_item_too_many_is_refused_in_words_that_name_the_step(server):
    server.apply({"key": "wider", "steps": [{"name": "each", "type": "noop", "for_each": f"${{ [range({ITEMS + 1})] }}"}]})
    error = server.run("wider")["error"]
    assert error["code"] == "expression_failed" and "each" in error["message"] and "10,000" in error["message"].replace("10000", "10,000"), error
