"""A small file system of a test's own, in memory, which it can fill and free."""

import os
import shutil
import subprocess
import time

import pytest


class SmallDisk:
    """Skips the test where it cannot be made."""

    def __init__(self, folder, megabytes, owner="root"):
        self.folder, self.ballast = folder, folder / "ballast"
        options = f"size={megabytes}m,mode=755,uid={owner}"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("mounting a small file system needs root and a kernel that lets it")

    def fill(self, leave=0):
        size = self.room() - leave
        with self.ballast.open("ab") as file:
            try:
                while size > 0:
                    size -= file.write(b"\xff" * min(size, 1 << 16))
                file.flush()
            except OSError:
                pass

    def free(self):
        self.ballast.unlink()

    def room(self):
        return shutil.disk_usage(self.folder).free

    def unmount(self):
        for _ in range(50):
            if subprocess.run(["umount", self.folder], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        subprocess.run(["umount", "-l", self.folder], check=True)
