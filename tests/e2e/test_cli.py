"""The command line as docs/cli.md describes it: output for people and for programs, exit codes, terminals."""

import json
import os
import pty
import re
import select
import subprocess
import time

import pytest

from troupe_server import clean_environment

DEFINITION = """
key: chain
inputs: {type: object, properties: {n: {type: integer}, fail: {type: boolean}}}
steps:
  - {name: pause, type: delay, config: {duration: 300ms}}
  - {name: add, type: transform, config: {value: "${ if .inputs.fail then error(\\"told to\\") else .inputs.n + 1 end }"}}
outputs: {sum: "${ .steps.add.value }"}
"""
ESCAPE = "\x1b"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "chain.yaml"
    path.write_text(DEFINITION)
    return path


@pytest.fixture
def bad_file(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("key: x\nsteps:\n  - {name: a, type: nop}\n  - {name: a, type: noop, needs: [z]}\n")
    return path


@pytest.fixture
def ready(cli, file):
    """The command line of a server that knows the workflow `chain`."""
    assert cli("workflow", "apply", file).returncode == 0
    return cli


def documents(done):
    """Standard output, which must be JSON, one document a line, and nothing else."""
    assert ESCAPE not in done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def document(done, code=0):
    assert done.returncode == code, done
    found = documents(done)
    assert len(found) == 1, done.stdout
    return found[0]


def expect_text(done, *said, code=0):
    assert done.returncode == code, done
    text = done.stdout if code == 0 else done.stderr
    assert ESCAPE not in done.stdout + done.stderr, "colours, though this is no terminal"
    assert code == 0 or done.stdout == "", "errors belong on standard error"
    for word in said:
        assert word in text, (word, done)


# --- every subcommand ------------------------------------------------------------------------------------------------

def test_version(offline_cli):
    expect_text(offline_cli("version"), "troupe 0.")
    assert document(offline_cli("version", "--json"))["version"].startswith("0.")


@pytest.mark.parametrize("command", ["", "serve", "demo", "job", "job submit", "job get", "job list", "job watch", "job cancel", "job retry",
                                     "workflow", "workflow validate", "workflow apply", "workflow list", "workflow show", "workflow disable",
                                     "workflow enable", "audit", "audit tail", "audit verify", "key create", "version"])
def test_every_command_has_help(offline_cli, command):
    expect_text(offline_cli(*command.split(), "--help"), "Usage: troupe")


def test_workflow_validate_apply_list_show_and_switch(cli, file):
    expect_text(cli("workflow", "validate", file), "valid", "chain")
    assert document(cli("--json", "workflow", "validate", file))["valid"] is True
    expect_text(cli("workflow", "apply", file), "chain version 1")
    assert document(cli("--json", "workflow", "apply", file)) == {"key": "chain", "version": 1}
    expect_text(cli("workflow", "list"), "chain")
    assert [item["key"] for item in document(cli("--json", "workflow", "list"))["items"]] == ["chain"]
    expect_text(cli("workflow", "show", "chain"), "pause", "delay", "transform")
    assert document(cli("--json", "workflow", "show", "chain"))["definition"]["steps"][0]["name"] == "pause"
    expect_text(cli("workflow", "disable", "chain"))
    assert cli("job", "submit", "chain").returncode == 6
    expect_text(cli("workflow", "enable", "chain"))


def test_several_files_are_one_document_a_line(cli, file):
    assert len(documents(cli("--json", "workflow", "validate", file, file))) == 2


@pytest.mark.parametrize("offline", [[], ["--offline"]])
def test_every_fault_of_a_definition_is_told_with_its_place(cli, bad_file, offline):
    done = cli("workflow", "validate", *offline, bad_file)
    expect_text(done, "/steps/0/type", "/steps/1/name", "/steps/1/needs/0", code=1)


def test_the_file_at_fault_is_named(cli, file, bad_file):
    expect_text_in_error(cli("workflow", "validate", "--offline", file, bad_file), "bad.yaml")


def expect_text_in_error(done, word):
    assert done.returncode == 1 and word in done.stderr, done


@pytest.mark.parametrize("command", ["validate", "apply"])
def test_faults_are_a_problem_document_with_json(cli, bad_file, command):
    done = cli("--json", "workflow", command, bad_file)
    assert done.returncode == 1 and done.stdout == ""
    problem = json.loads(done.stderr)
    assert problem["code"] == "validation_failed" and len(problem["errors"]) == 3, problem


def test_validation_without_a_server_needs_none(offline_cli, file):
    done = offline_cli("workflow", "validate", "--offline", file, env={"TROUPE_SERVER": "http://127.0.0.1:1"})
    assert done.returncode == 0


def test_job_submit_get_list_and_cancel(ready):
    expect_text(ready("job", "submit", "chain", "--input", "n=1", "--job-id", "first"), "pending")
    answer = document(ready("--json", "job", "submit", "chain", "--input", "n=1", "--job-id", "first"))
    assert answer["job_id"] == "first" and answer["links"]["self"]
    expect_text(ready("job", "get", "first"), "first", "chain")
    assert document(ready("--json", "job", "get", "first"))["inputs"] == {"n": 1}
    expect_text(ready("job", "list"), "first", "chain")
    assert document(ready("--json", "job", "list"))["items"][0]["job_id"] == "first"
    ready("job", "submit", "chain", "--job-id", "second", "--input", "n=1")
    expect_text(ready("job", "cancel", "second"))
    assert document(ready("--json", "job", "submit", "chain", "--job-id", "third", "--input", "n=2"))["job_id"] == "third"
    document(ready("--json", "job", "cancel", "third"))


def test_inputs_are_read_from_values_files_and_standard_input(ready, tmp_path):
    inputs = tmp_path / "inputs.json"
    inputs.write_text('{"n": 5, "text": "of the file"}')
    job = document(ready("--json", "job", "submit", "chain", "--inputs", inputs, "--input", "n=7", "--input", "list=[1]",
                         "--input", "word=plain", "--input", 'quoted="4"', "--wait"))
    assert job["inputs"] == {"n": 7, "text": "of the file", "list": [1], "word": "plain", "quoted": "4"}
    assert job["outputs"] == {"sum": 8}
    piped = document(ready("--json", "job", "submit", "chain", "--inputs", "-", "--wait", stdin='{"n": 1}'))
    assert piped["outputs"] == {"sum": 2}


def test_watch_and_wait_tell_the_end_by_their_exit_code(ready):
    for how in ("--watch", "--wait"):
        expect_text(ready("job", "submit", "chain", "--input", "n=1", how), "success")
        failed = ready("job", "submit", "chain", "--input", "fail=true", how)
        assert failed.returncode == 1 and "failed" in failed.stdout + failed.stderr
    done = ready("--json", "job", "submit", "chain", "--input", "n=1", "--watch")
    events = documents(done)
    assert all({"event", "data"} <= set(event) for event in events[-2:]), events
    assert events[-1]["data"]["status"] == "success"


def test_job_watch_of_a_running_and_of_an_ended_job(ready):
    ready("job", "submit", "chain", "--input", "n=1", "--job-id", "seen")
    events = documents(ready("--json", "job", "watch", "seen"))
    assert events[-1]["event"] == "status" and events[-1]["data"]["status"] == "success"
    assert [event["data"]["status"] for event in events].count("success") == 1
    expect_text(ready("job", "watch", "seen"), "success")
    ready("job", "submit", "chain", "--input", "fail=true", "--job-id", "sad")
    assert ready("job", "watch", "sad").returncode == 1


def test_job_retry_runs_it_again(ready):
    ready("job", "submit", "chain", "--input", "fail=true", "--job-id", "again", "--wait")
    assert ready("job", "retry", "again").returncode == 0
    assert ready("job", "watch", "again").returncode == 1
    assert len(document(ready("--json", "job", "get", "again"))["runs"]) == 2


def test_audit_tail_and_verify(ready, server, offline_cli):
    ready("job", "submit", "chain", "--input", "n=1", "--wait")
    expect_text(ready("audit", "tail"), "run.completed", "workflow.applied")
    assert {"seq", "action", "prev_hash", "hash"} <= set(documents(ready("--json", "audit", "tail"))[0])
    expect_text(ready("audit", "verify"), "whole")
    assert document(ready("--json", "audit", "verify"))["whole"] is True
    assert server.stop() == 0
    expect_text(offline_cli("audit", "verify", "--data-dir", server.data_dir), "whole")
    assert document(offline_cli("--json", "audit", "verify", "--data-dir", server.data_dir))["whole"] is True


def test_audit_tail_shows_the_newest_records_the_last_one_last(ready, server):
    for job_id in [server.submit("chain", {"n": number}) for number in range(30)]:
        server.await_end(job_id)
    last = server.run("chain", {"n": 99})["id"]
    records = documents(ready("--json", "audit", "tail"))
    assert len(records) >= 10 and (records[-1].get("job_id"), records[-1]["action"]) == (last, "run.completed"), records[-1]
    times = [record["at"] for record in records]
    assert times == sorted(times)


def test_audit_verify_of_a_database_that_is_not_there_makes_none(offline_cli, tmp_path):
    done = offline_cli("audit", "verify", "--data-dir", tmp_path / "nothing")
    assert done.returncode not in (0, 7) and done.stderr, done
    assert not (tmp_path / "nothing").exists()


def test_key_create(offline_cli):
    key = document(offline_cli("--json", "key", "create", "--name", "shop", "--role", "viewer"))
    assert key["key"].startswith("trp_") and re.fullmatch("[0-9a-f]{64}", key["sha256"])
    expect_text(offline_cli("key", "create", "--name", "shop", "--role", "client", "--client", "shop"), "[[auth.keys]]", 'client = "shop"')
    assert offline_cli("key", "create", "--name", "shop", "--role", "king").returncode == 2


def test_the_demo_shows_its_job_and_leaves_nothing_running(offline_cli, tmp_path):
    done = offline_cli("demo", "--data-dir", tmp_path / "demo", timeout=120)
    assert done.returncode == 0, done
    assert ESCAPE not in done.stdout
    digests = re.findall(r"[0-9a-f]{64}", done.stdout)
    assert len(digests) >= 4 and "whole" in done.stdout, done.stdout
    for step in ("render", "settle", "announce", "summary"):
        assert step in done.stdout
    assert not [pid for pid in filter(str.isdigit, os.listdir("/proc")) if str(tmp_path) in command_of(pid)]


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read()
    except OSError:
        return ""


# --- exit codes ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("args", [[], ["bogus"], ["job"], ["job", "submit"], ["job", "list", "--limit", "0"], ["serve", "--bogus"],
                                  ["job", "submit", "x", "--priority", "11"], ["job", "submit", "x", "--watch", "--wait"],
                                  ["job", "submit", "x", "--inputs", "/no/such/file"], ["job", "submit", "x", "--input", "novalue"],
                                  ["workflow", "validate"], ["workflow", "validate", "/no/such/file"], ["--server", "nonsense", "job", "list"],
                                  ["job", "submit", "x", "--timeout", "soon"], ["serve", "--config", "/no/such/file"]])
def test_wrong_use_is_2(offline_cli, args):
    done = offline_cli(*args)
    assert done.returncode == 2 and done.stdout == "" and done.stderr, done


def test_an_unknown_command_is_named(offline_cli):
    assert "bogus" in offline_cli("bogus").stderr


@pytest.mark.parametrize("args", [["job", "list"], ["job", "get", "x"], ["job", "submit", "x"], ["workflow", "list"], ["audit", "tail"],
                                  ["audit", "verify"], ["job", "cancel", "x"]])
def test_a_server_that_is_not_there_is_3(offline_cli, args):
    done = offline_cli("--server", "http://127.0.0.1:1", *args)
    assert done.returncode == 3 and done.stdout == "" and "127.0.0.1:1" in done.stderr, done


def test_a_server_that_is_not_there_is_a_problem_document_with_json(offline_cli):
    done = offline_cli("--json", "--server", "http://127.0.0.1:1", "job", "list")
    assert done.returncode == 3 and done.stdout == ""
    assert {"type", "title", "detail", "code"} <= set(json.loads(done.stderr)), done.stderr


def test_not_found_is_5_and_conflict_is_6(ready):
    for command in (["job", "get"], ["job", "watch"], ["job", "cancel"], ["job", "retry"], ["workflow", "show"], ["workflow", "disable"]):
        assert ready(*command, "nobody").returncode == 5, command
    ready("job", "submit", "chain", "--input", "n=1", "--job-id", "mine", "--wait")
    assert ready("job", "submit", "chain", "--input", "n=2", "--job-id", "mine").returncode == 6
    assert ready("job", "cancel", "mine").returncode == 6


def test_what_the_server_refuses_for_what_it_says_is_1(ready):
    done = ready("job", "submit", "nobody")
    assert done.returncode == 1 and "nobody" in done.stderr
    problem = json.loads(ready("--json", "job", "submit", "nobody").stderr)
    assert problem["code"] == "unknown_workflow" and problem["status"] == 422


# --- terminals -------------------------------------------------------------------------------------------------------

def on_terminal(command, env):
    """Runs it on a terminal of 100 columns and returns what it showed, and its exit code."""
    main, secondary = pty.openpty()
    env = {**clean_environment(env), "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen([str(part) for part in command], stdin=secondary, stdout=secondary, stderr=secondary, env=env)
    os.close(secondary)
    shown, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([main], [], [], 1)[0]:
            continue
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(main)
    return shown.decode(errors="replace"), process.wait(10)


def test_a_terminal_gets_colours_and_bars(ready, troupe, server):
    watch = [troupe, "job", "submit", "chain", "--input", "n=1", "--watch"]
    shown, code = on_terminal(watch, {"TROUPE_SERVER": server.url})
    assert code == 0 and "success" in shown
    assert re.search(ESCAPE + r"\[[0-9;]*m", shown), "no colours"
    assert re.search("[█▏▎▍▌▋▊▉━─=#]{3,}", shown), f"no bar: {shown!r}"
    plain, code = on_terminal(watch, {"TROUPE_SERVER": server.url, "NO_COLOR": "1"})
    assert code == 0 and not re.search(ESCAPE + r"\[[0-9;]*3[0-9]m", plain), plain


def test_json_stays_plain_on_a_terminal(ready, troupe, server):
    shown, code = on_terminal([troupe, "--json", "job", "list"], {"TROUPE_SERVER": server.url})
    assert code == 0 and ESCAPE not in shown and json.loads(shown)["items"] == []


def test_nothing_from_a_server_reaches_the_terminal_as_a_control_character(ready, troupe, server):
    evil = "\x1b]0;owned\x07\x1b[31mred\x9b31m"
    server.apply({"key": "evil", "name": evil, "description": evil, "steps": [
        {"name": "a", "type": "transform", "config": {"value": "${ .inputs.text | error }"}, "retry": {"max_attempts": 1}}]})
    job_id = server.run("evil", {"text": evil}, metadata={"note": evil})["id"]
    for command in (["workflow", "list"], ["workflow", "show", "evil"], ["job", "get", job_id], ["job", "list"], ["job", "watch", job_id]):
        shown, _ = on_terminal([troupe, *command], {"TROUPE_SERVER": server.url})
        assert "\x07" not in shown and ESCAPE + "]" not in shown and ESCAPE + "[31mred" not in shown, (command, shown)
