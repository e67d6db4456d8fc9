"""Who may read and write what faregated leaves on disk and in memory, and whose directories it trusts."""

import os
import stat
import subprocess

import pytest

import harness

NOBODY = 65534


def world_writable(path):
    os.chmod(path, 0o777)


def of_another_user(path):
    os.chown(path, NOBODY, NOBODY)


def link_to_elsewhere(path):
    os.rename(path, path + ".elsewhere")
    os.symlink(path + ".elsewhere", path)


@pytest.mark.parametrize("spoil, message", [
    (world_writable, "may be written by all"),
    (of_another_user, "belongs to another user"),
    (link_to_elsewhere, "is no directory"),
])
def test_a_gate_directory_that_another_user_could_have_made_is_refused(spoil, message):
    """Its name can be worked out, and /dev/shm is open to all: whoever makes it first would own the gate."""
    if spoil is of_another_user and os.getuid() != 0:
        pytest.skip("needs root to give a directory away")
    with harness.Faregated(autostart=False) as daemon:
        spoil(daemon.gate_dir)
        before = os.stat(daemon.gate_dir)
        daemon.spawn()
        try:
            assert daemon.process.wait(5) == 1
            assert message in daemon.logs()
            assert os.listdir(daemon.gate_dir) == []
            assert os.stat(daemon.gate_dir).st_mode == before.st_mode
        finally:
            subprocess.run(["rm", "-rf", daemon.gate_dir + ".elsewhere", daemon.gate_dir], check=True)


def test_no_umask_opens_a_file_to_others():
    """Under the umask 0 everything that holds a secret or a count is still closed to others."""
    old = os.umask(0)
    try:
        with harness.Faregated() as daemon:
            daemon.call("POST", "/apikeys", {"name": "key", "enabled": True})
            open_to_others = []
            for top in (daemon.data_dir, daemon.gate_dir):
                for folder, folders, names in os.walk(top):
                    for path in [os.path.join(folder, name) for name in folders + names]:
                        mode = stat.S_IMODE(os.lstat(path).st_mode)
                        if mode & 0o007 and not path.endswith("faregated.pid") or mode & 0o002:
                            open_to_others.append("%s %o" % (path, mode))
            assert open_to_others == []
            assert stat.S_IMODE(os.stat(daemon.data_dir).st_mode) == 0o700
    finally:
        os.umask(old)
