"""Configuration: every fault at once with its place, flags over environment over file, and nothing off loopback without keys."""

import json
import re
from pathlib import Path

import pytest

from http_client import HttpClient, eventually

REFERENCE = Path(__file__).parents[2] / "config" / "troupe.toml"


def refused(make_server, **options):
    """The log of a server that refuses to start."""
    server = make_server(**options).launch()
    assert server.wait(20) == 2, server.log()
    assert server.out_file.read_text() == ""
    return server.log()


def test_all_faults_of_all_sources_are_told_at_once_with_their_place(make_server):
    config = "\n".join(["listen = 5", "lisen = '127.0.0.1:0'", "[server]", "threads = 0", "body_bytes = 'big'", "[log]", "level = 'loud'",
                        "[worker]", "slots = 99999", "[exec.commands.x]", "program = 'relative'", "[[auth.keys]]", "name = 'a'", "role = 'king'"])
    env = {"TROUPE_LISTN": "127.0.0.1:1", "TROUPE_DATABASE_READERS": "many", "TROUPE_SHUTDOWN_GRACE": "soon"}
    log = refused(make_server, config=config, env=env, args=["--server-keep-alive-idle", "1ms", "--limits-jobs-in-flight=-1"])
    for said in (r"troupe\.toml:1\b.*listen", r"troupe\.toml:2\b.*lisen", r"troupe\.toml:4\b.*server\.threads.*64",
                 r"troupe\.toml:5\b.*server\.body_bytes", r"troupe\.toml:7\b.*log\.level.*debug", r"troupe\.toml:9\b.*worker\.slots.*4096",
                 r"troupe\.toml:11\b.*program", r"sha256", r"king|role", r"TROUPE_LISTN.*TROUPE_LISTEN", r"TROUPE_DATABASE_READERS",
                 r"TROUPE_SHUTDOWN_GRACE", r"--server-keep-alive-idle", r"--limits-jobs-in-flight"):
        assert re.search(said, log), (said, log)


def test_the_number_of_faults_is_that_of_the_list(make_server):
    log = refused(make_server, config="[server]\nthreads = 0\n", env={"TROUPE_LISTN": "x"})
    assert "2 faults" in log, log
    assert re.search(r"troupe\.toml:2: server\.threads: .*from 1 to 64, not 0", log), log
    assert re.search(r"TROUPE_LISTN: .*did you mean TROUPE_LISTEN\?", log), log


@pytest.mark.parametrize("config, said", [("listen = ", ":1"), ("[server\n", ":1"), ("a = 1\na = 2\n", ":2"), ("x = '\ud800'".encode("utf-8", "surrogatepass").decode("latin-1"), ":1"),
                                          ("[sever]\nthreads = 1\n", "sever")])
def test_a_file_that_is_no_toml_or_has_unknown_parts_is_told_with_its_line(make_server, config, said):
    assert said in refused(make_server, config=config)


def test_a_secret_in_a_bad_value_is_not_logged(make_server):
    log = refused(make_server, config='database_url = "postgres-typo://u:s3cr3t-word@h/x"\n')
    assert "database_url" in log and "s3cr3t-word" not in log


def test_flags_win_over_the_environment_and_that_over_the_file(make_server):
    config = "node_name = 'of-file'\n[server]\nbody_bytes = 2000\n[limits]\njob_timeout_max = '1h'\n"
    env = {"TROUPE_NODE_NAME": "of-environment", "TROUPE_SERVER_BODY_BYTES": "3000", "TROUPE_LOG_LEVEL": ""}
    server = make_server(config=config, env=env, args=["--node-name", "of-flag"]).start()
    meta = server.http.get("/v1/meta").json
    assert (meta["node"], meta["limits"]["body_bytes"], meta["limits"]["timeout_seconds_max"]) == ("of-flag", 3000, 3600)
    assert server.http.post("/v1/jobs", {"x": "y" * 3000}).status == 413


def test_the_servers_longest_timeout_is_kept(make_server):
    server = make_server(config="[limits]\njob_timeout_max = '1h'\n").start()
    server.apply({"key": "quick", "steps": [{"name": "it", "type": "noop"}]})
    assert server.http.post("/v1/jobs", {"workflow_key": "quick", "timeout_seconds": 3600}).status == 202
    refused = server.http.post("/v1/jobs", {"workflow_key": "quick", "timeout_seconds": 3601})
    assert (refused.status, refused.json["code"]) == (422, "timeout_too_large")
    assert refused.json["errors"][0]["pointer"] == "/timeout_seconds"


def test_every_key_of_the_reference_file_loads(make_server, tmp_path):
    """The shipped file with the '#' taken from every key, as its first line says."""
    text = re.sub(r"^#(?=[a-z_\[])", "", REFERENCE.read_text(), flags=re.MULTILINE)
    assert text.count("\n[") >= 8 and "threads = 1" in text
    secret = tmp_path / "shop_token"
    secret.write_text("a value")
    text = text.replace("/run/secrets/shop_token", str(secret))
    key = "trp_" + "k" * 43  # the example's digest is of no key, so nobody is let in; the probes need none
    server = make_server(config=text, token=key)
    (server.folder / "troupe-data").mkdir()  # of the file's database_url; only a data_dir is made if absent
    server.start()
    assert server.http.get("/v1/meta").status == 401
    assert server.stop() == 0


def test_the_reference_file_as_it_is_loads(make_server):
    make_server(config=REFERENCE.read_text()).start()


def test_each_key_can_be_an_environment_variable_and_a_flag(make_server, offline_cli):
    help_text = offline_cli("serve", "--help").stdout
    section, keys = "", []
    for line in REFERENCE.read_text().splitlines():
        if re.match(r"#?\[\[|#\[", line):
            break  # keys, commands and secrets exist in the file only
        if header := re.match(r"\[(.*)\]", line):
            section = header[1] + "."
        elif key := re.match(r"#([a-z_]+) = (.*)", line):
            keys.append((section + key[1], key[2]))
    assert len(keys) >= 18
    env = {}
    for key, value in keys:
        assert "--" + re.sub("[._]", "-", key) in help_text, key
        if key not in ("listen", "data_dir", "database_url", "workflows"):
            env["TROUPE_" + key.replace(".", "_").upper()] = value.strip('"').replace("[]", "")
    make_server(env=env).start()


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
def test_off_loopback_it_refuses_to_start_without_keys(make_server, listen):
    server = make_server(listen=listen).launch()
    assert server.wait(20) != 0
    assert server.out_file.read_text() == ""
    assert "loopback" in server.log().lower() or "insecure_listen" in server.log()
    assert not server.data_dir.exists() or not (server.data_dir / "troupe.db").exists(), "it refuses before it touches anything"


def test_off_loopback_it_starts_with_a_key(make_server, offline_cli):
    key = json.loads(offline_cli("--json", "key", "create", "--name", "ops", "--role", "admin").stdout)
    server = make_server(listen="0.0.0.0:0", token=key["key"],
                         config=f'[[auth.keys]]\nname = "ops"\nsha256 = "{key["sha256"]}"\nrole = "admin"\n').launch()
    eventually(lambda: server.out_file.read_text().endswith("\n"), "it listens")
    port = server.out_file.read_text().strip().rsplit(":", 1)[1]
    http = HttpClient(f"http://127.0.0.1:{port}", key["key"])
    eventually(lambda: http.get("/readyz").status == 200, "it is ready")
    assert http.get("/v1/jobs").status == 200
    http.post("/v1/workflows", {"key": "inward", "steps": [
        {"name": "it", "type": "http", "retry": {"max_attempts": 1}, "config": {"url": f"http://127.0.0.1:{port}/healthz", "method": "GET"}}]})
    job = http.post("/v1/jobs", {"workflow_key": "inward"}, headers={"Prefer": "wait=20"}).json
    assert job["error"]["code"] == "egress_forbidden", "loopback is allowed only while the server itself listens on loopback"


@pytest.mark.parametrize("listen", ["localhost", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:http", ":8080:"])
def test_a_bad_address_is_a_fault_of_configuration(make_server, listen):
    assert "--listen" in refused(make_server, listen=listen)


def test_workflows_of_the_folder_are_applied_at_start_and_once(make_server, tmp_path):
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "one.yaml").write_text("key: one\nsteps: [{name: a, type: noop}]\n")
    (folder / "two.json").write_text('{"key": "two", "steps": [{"name": "a", "type": "noop"}]}')
    server = make_server(args=["--workflows", folder]).start()
    keys = {w["key"]: w["version"] for w in server.http.get("/v1/workflows").json["items"]}
    assert keys == {"one": 1, "two": 1}
    assert server.stop() == 0
    server.start()
    assert {w["version"] for w in server.http.get("/v1/workflows").json["items"]} == {1}


def test_a_workflow_of_the_folder_whose_command_is_not_there_is_applied_with_a_warning(make_server, tmp_path):
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "one.yaml").write_text("key: one\nsteps: [{name: a, type: exec, config: {command: render}, retry: {max_attempts: 1}}]\n")
    server = make_server(args=["--workflows", folder]).start()
    warnings = [line for line in map(json.loads, server.log().splitlines()) if line["level"] == "warning"]
    assert [(line["workflow"], line["command"]) for line in warnings if "command" in line] == [("one", "render")], warnings
    assert server.run("one")["error"]["code"] == "command_unknown"


def test_logs_are_json_lines_with_ids_when_no_terminal_reads_them(make_server):
    server = make_server(config="[log]\nlevel = 'debug'\n").start()
    server.apply({"key": "quick", "steps": [{"name": "it", "type": "noop"}]})
    server.run("quick")
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.log().splitlines()]
    assert len(lines) > 2 and all({"at", "level", "message"} <= set(line) for line in lines)
