"""What `faregate run` writes down: who was asked for what, never with which key."""

import os
import stat

import harness
import scenes


def files_below(*tops):
    for top in tops:
        for folder, _, names in os.walk(top):
            yield from (os.path.join(folder, name) for name in names)


def files_with(text, *tops):
    found = []
    for path in files_below(*tops):
        if stat.S_ISREG(os.lstat(path).st_mode) and os.path.getsize(path) < 1 << 24:
            with open(path, "rb") as file:
                if text.encode() in file.read():
                    found.append(os.path.basename(path))
    return found


def test_no_file_holds_a_key_that_came_in_the_query(faregate):
    """docs/store.md: a key value is in no file in the clear. Neither when its call fails at the backend."""
    scene = scenes.Scene(faregate, key_source="QUERY", backend="http://127.0.0.1:%d" % harness.free_port())
    key = scene.key(scene.plan())[1]
    assert faregate.get(scene.path("proxy/x") + "?api-key=" + key).status == 504
    assert faregate.get(scene.path("other") + "?x=1&apikey=" + key).status == 403
    access_log = os.path.join(faregate.data_dir, "nginx", "access.log")
    harness.wait_until(lambda: " 403 " in open(access_log).read(), what="the access log")
    with open(access_log) as log:
        assert '"GET %s HTTP/1.1" 504' % scene.path("proxy/x") in log.read()
    assert files_with(key, faregate.data_dir, faregate.dir) == []


def test_logs_and_configuration_are_closed_to_others():
    """Under any umask: nginx makes its logs for all to read, and root would start what others had written."""
    old = os.umask(0)
    try:
        with harness.Faregate() as faregate:
            modes = {path: stat.S_IMODE(os.stat(path).st_mode)
                     for path in files_below(os.path.join(faregate.data_dir, "nginx"))}
            assert [path for path, mode in modes.items() if mode & 0o022] == []
            assert [path for path, mode in modes.items() if path.endswith(".log") and mode & 0o007] == []
            assert stat.S_IMODE(os.stat(os.path.join(faregate.data_dir, "run.json")).st_mode) == 0o644
    finally:
        os.umask(old)


def test_a_length_too_large_for_the_control_api_is_refused_before_the_body(faregate):
    """Otherwise faregated refuses it while nginx still writes, and "does not answer" (503) is what is told."""
    connection = faregate.control_connection()
    connection.timeout = 5
    answer = harness.exchange(connection, "POST", "/apikeys", {"Content-Length": str((6 << 20) + 1)})
    assert (answer.status, answer.error_type) == (413, "RequestTooLargeException")
