"""A small file system of a test's own, in memory, which it can fill and free."""

import os
import shutil
import subprocess
import time

import pytest


class SmallDisk:
    """Skips the test where it cannot be made."""

    def __init__(self, folder, megabytes, owner="root"):
        self.folder, self.megabytes = folder, megabytes
        options = f"size={megabytes}m,mode=755,uid={owner}"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("mounting a small file system needs root and a kernel that lets it")

    def fill(self, leave=0):
        """So many bytes of room are left: the disk becomes as small as what lies on it."""
        for _ in range(100):
            if self._resize(leave):
                return
        pytest.fail("what lies on the disk grows faster than it can be measured")

    def free(self):
        """As much room as at first, however much lies on it by now."""
        assert self._resize(self.megabytes << 20)

    def _resize(self, room):
        size = shutil.disk_usage(self.folder).used + room
        return subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], capture_output=True).returncode == 0

    def unmount(self):
        for _ in range(50):
            if subprocess.run(["umount", self.folder], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        subprocess.run(["umount", "-l", self.folder], check=True)
