"""The access key of the first start."""

import os
import re
import stat

import harness


def path_of(daemon):
    return os.path.join(daemon.data_dir, "credentials")


def test_the_first_start_writes_them_for_the_owner_alone(faregated):
    assert stat.S_IMODE(os.stat(path_of(faregated)).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(faregated.data_dir).st_mode) == 0o700
    key_id, secret = faregated.credentials()
    assert re.fullmatch("AKIA[A-Z2-7]{16}", key_id)
    assert re.fullmatch("[A-Za-z0-9]{40}", secret)
    assert harness.read_credentials(faregated.data_dir, "faregate") == (key_id, secret)


def test_every_installation_has_its_own(faregated):
    with harness.Faregated() as other:
        assert other.credentials() != faregated.credentials()
        assert faregated.call("GET", "/account", credentials=other.credentials()).status == 403


def test_a_restart_keeps_them(faregated):
    before = faregated.credentials()
    faregated.restart()
    assert faregated.credentials() == before
    assert faregated.call("GET", "/account").status == 200


def test_a_file_that_was_deleted_comes_back(faregated):
    before = faregated.credentials()
    os.unlink(path_of(faregated))
    faregated.restart()
    assert faregated.credentials() == before
    assert stat.S_IMODE(os.stat(path_of(faregated)).st_mode) == 0o600


def test_a_file_left_half_written_does_not_disturb(faregated):
    before = faregated.credentials()
    faregated.stop()
    with open(path_of(faregated) + ".new", "w") as file:
        file.write("[defau")
    os.unlink(path_of(faregated))
    faregated.start()
    assert faregated.credentials() == before


def test_no_log_line_holds_a_secret(faregated):
    key_id, value = harness.make_key(faregated)
    faregated.call("GET", "/apikeys/%s?includeValue=true" % key_id)
    faregated.stop()
    assert value not in faregated.logs()


def test_the_secret_is_not_readable_in_the_store(faregated):
    secret = faregated.credentials()[1].encode()
    _, value = harness.make_key(faregated)
    faregated.stop()
    for name in os.listdir(faregated.data_dir):
        with open(os.path.join(faregated.data_dir, name), "rb") as file:
            content = file.read()
        assert value.encode() not in content, name
        assert name == "credentials" or secret not in content, name
