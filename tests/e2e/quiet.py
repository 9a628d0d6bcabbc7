"""Is anything left over? What a server at rest has, compared with what it had before."""

import os
from pathlib import Path

from http_client import eventually


def children_of(pid):
    """Processes that this one has, and has not yet reaped."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it has just ended
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def commands_of(pid):
    """Its children without the guard of the commands."""
    def is_command(child):
        try:
            return Path(f"/proc/{child}/comm").read_text() != "exec-guard\n"
        except OSError:
            return False  # it has just ended
    return [child for child in children_of(pid) if is_command(child)]


def left_of_commands(server):
    """Commands of this server and all that these have started, whether it is up or not: each has got its environment."""
    mark, found = f"TROUPE_OUTPUT_DIR={os.path.join(server.data_dir, 'work', '')}".encode(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue  # it has just ended
    return found


class Quiet:
    """Made of a server that has nothing to do; `await_again` then waits until it is so once more."""

    def __init__(self, server):
        self.server = server
        self.before = self._look()

    def _look(self):
        """What must be the same: all that counts anything, by actor, and what the process holds."""
        answer = self.server.http.get("/v1/actors?limit=5")
        assert answer.status == 200, answer
        seen = {"processes": len(children_of(self.server.pid)), "of commands": len(left_of_commands(self.server))}
        for actor in [answer.json, *answer.json["children"]]:
            assert actor["state"] == "running", actor
            for count in ("mailbox", "busy", "live_jobs"):
                if count in actor and actor["kind"] != "node":
                    seen[f"{actor['id']} {count}"] = actor[count]
            if actor["kind"] in ("broker", "supervisor", "persistence"):
                seen[f"{actor['id']} waiting"] = actor["waiting"]
                seen[f"{actor['id']} children"] = len(actor["children"])
        return seen

    def await_again(self, deadline=60):
        eventually(lambda: self._look() == self.before, f"all is as before: {self.before}", deadline, 0.1)

    def holds(self):
        """Threads and open files of the process. Pools of both are made on demand, so that they may grow a little, once."""
        folder = f"/proc/{self.server.pid}"
        return len(os.listdir(f"{folder}/task")), len(os.listdir(f"{folder}/fd"))
