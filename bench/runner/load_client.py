"""The load client of Troupe: one run of it against a server that is up."""

import json
import subprocess

from .engines import Fault


def drive(client, arguments, server, database_pid):
    """Its figures, after it has found every job to have ended as it must."""
    command = [client, *arguments, "--port", str(server.port), "--server-pid", str(server.process.pid)]
    if database_pid:
        command += ["--database-pid", str(database_pid)]
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        raise Fault(f"{' '.join(map(str, command))} exited with {done.returncode}:\n{done.stderr}{server.log_text()}")
    return json.loads(done.stdout)
