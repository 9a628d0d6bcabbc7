"""The real binary, as a process of its own: a server, and the command line."""

import os
import resource
import signal
import subprocess

from http_client import HttpClient, eventually

ENDED = ("success", "failed", "cancelled")


def clean_environment(extra=None):
    """The environment without what would configure Troupe by accident."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TROUPE_") and name != "NO_COLOR"}
    return {**kept, **(extra or {})}


class TroupeServer:
    """`troupe serve` with a data directory of its own, on a free port of 127.0.0.1.

    It may be started again after it has ended; it then finds the same data. `config` is the text of its file.
    """

    def __init__(self, binary, folder, config="", args=(), env=None, database_url=None, listen="127.0.0.1:0", token=None,
                 data_dir=None, limits=()):
        self.binary, self.folder, self.token = binary, folder, token
        self.data_dir = data_dir or folder / "data"
        self.args, self.env, self.listen, self.limits = list(args), env, listen, limits
        self.database_url = database_url
        self.config_file = folder / "troupe.toml"
        self.config_file.write_text(config)
        self.log_file, self.out_file = folder / "server.log", folder / "server.out"
        self.process, self.url, self.http = None, None, None

    def command(self):
        command = [self.binary, "serve", "--config", self.config_file, "--data-dir", self.data_dir, "--listen", self.listen]
        if self.database_url:
            command += ["--database-url", self.database_url]
        return [str(part) for part in command + self.args]

    def store(self):
        """What says to the offline commands where its data is."""
        return ["--database-url", self.database_url] if self.database_url else ["--data-dir", self.data_dir]

    def launch(self):
        """Starts the process, and does not wait for it to be ready."""
        self.out_file.write_bytes(b"")
        with self.log_file.open("ab") as log, self.out_file.open("ab") as out:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                                            cwd=self.folder, env=clean_environment(self.env), preexec_fn=self._set_limits)
        return self

    def _set_limits(self):
        for what, value in self.limits:
            resource.setrlimit(what, value)

    def start(self, deadline=30):
        self.launch()
        eventually(self._is_listening, "the server listens", deadline, 0.01)
        eventually(self._is_ready, "the server is ready", deadline, 0.02)
        return self

    def _is_listening(self):
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log()}"
        lines = self.out_file.read_text().splitlines(keepends=True)
        if not lines or not lines[0].endswith("\n"):
            return False
        self.url = lines[0].strip().removeprefix("troupe: listening on ")
        self.http = HttpClient(self.url, self.token)
        return True

    def _is_ready(self):
        return self.http.get("/readyz").status == 200

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_file.read_text(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=40):
        return self.process.wait(timeout)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks it to end and returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode

    # What tests say often.

    def apply(self, definition):
        answer = self.http.post("/v1/workflows", definition)
        assert answer.status in (200, 201), answer
        return answer.json

    def submit(self, workflow, inputs=None, **fields):
        answer = self.http.post("/v1/jobs", {"workflow_key": workflow, "inputs": inputs or {}, **fields})
        assert answer.status == 202, answer
        return answer.json["job_id"]

    def job(self, job_id):
        answer = self.http.get(f"/v1/jobs/{job_id}")
        assert answer.status == 200, answer
        return answer.json

    def await_end(self, job_id, deadline=60):
        """The job, once it has ended."""
        eventually(lambda: self.http.get(f"/v1/jobs/{job_id}/status").json["status"] in ENDED, f"job {job_id} ends", deadline)
        return self.job(job_id)

    def await_step(self, job_id, step, status, deadline=30):
        def reached():
            return any(s["name"] == step and s["status"] == status for s in self.job(job_id)["steps"])
        eventually(reached, f"step {step} is {status}", deadline)

    def run(self, workflow, inputs=None, deadline=60, **fields):
        """Submits a job and returns it once it has ended."""
        return self.await_end(self.submit(workflow, inputs, **fields), deadline)

    def trail(self, job_id):
        records, cursor = [], ""
        while cursor is not None:
            answer = self.http.get(f"/v1/jobs/{job_id}/audit?limit=500" + (f"&cursor={cursor}" if cursor else ""))
            assert answer.status == 200, answer
            records += answer.json["items"]
            cursor = answer.json["next_cursor"]
        return records


class CommandLine:
    """Runs subcommands; `server` sends them to that server."""

    def __init__(self, binary, server=None):
        self.binary, self.server = str(binary), server

    def __call__(self, *args, env=None, stdin=None, cwd=None, timeout=60):
        environment = clean_environment({"TROUPE_SERVER": self.server.url} if self.server else {})
        environment.update(env or {})
        return subprocess.run([self.binary, *map(str, args)], input=stdin, capture_output=True, text=True, cwd=cwd,
                              env=environment, timeout=timeout)
