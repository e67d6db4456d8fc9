"""The access key of the first start."""

import contextlib
import json
import os
import re
import sqlite3
import stat
import subprocess

import botocore.exceptions
import pytest

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


def faregate(daemon, *words, credentials=None):
    env = harness.environment()
    key_id, secret = credentials or daemon.credentials()
    env.update(AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret)
    return subprocess.run([harness.program("faregate"), *words, "--endpoint-url",
                           "http://127.0.0.1:%d" % daemon.control_port()],
                          env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)


def test_roles_from_the_command_line(faregated):
    """Rules CR1, CR3, CR6."""
    made = faregate(faregated, "credentials", "create", "--role", "read-only", "--name", "dash")
    assert made.returncode == 0, made.stderr
    key_id, secret = (line.split(" = ")[1] for line in made.stdout.splitlines())
    listed = faregate(faregated, "credentials")
    assert re.search(key_id + "  read-only  .*  dash", listed.stdout) and secret not in listed.stdout
    client = harness.client(faregated, credentials=(key_id, secret))
    client.get_api_keys()
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client.create_api_key(name="k")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    denied = faregate(faregated, "credentials", credentials=(key_id, secret))
    assert denied.returncode == 254 and "is not authorized to perform: apigateway:GET" in denied.stderr
    assert faregate(faregated, "credentials", "revoke", key_id).returncode == 0
    assert faregate(faregated, "credentials", "revoke", key_id).returncode == 4
    assert faregated.call("GET", "/apikeys", credentials=(key_id, secret)).error_type == "UnrecognizedClientException"


def test_the_revoked_first_credential_is_replaced_at_the_next_start(faregated):
    """Rule CR6."""
    before = faregated.credentials()
    assert faregated.call("DELETE", "/faregate/credentials/" + before[0]).status == 409
    other = faregated.call("POST", "/faregate/credentials", {"role": "admin"}).json()
    pair = other["accessKeyId"], other["secretAccessKey"]
    assert faregated.call("DELETE", "/faregate/credentials/" + before[0], credentials=pair).status == 202
    faregated.restart()
    assert faregated.credentials() != before
    assert faregated.call("GET", "/faregate/credentials").status == 200


def test_the_log_of_changes_is_exported_whole(faregated, tmp_path):
    """Rules AD1, AD3, AD5."""
    assert faregated.call("POST", "/apikeys", {"name": "k0"}).status == 201
    faregated.stop()
    with contextlib.closing(sqlite3.connect(os.path.join(faregated.data_dir, "faregate.db"))) as store, store:
        store.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1199) INSERT INTO audit"
                      " SELECT number + i, at, access_key_id, operation, request_id, subject, before,"
                      " REPLACE(after, 'k0', 'k' || i), is_denied FROM audit, n WHERE operation = 'CreateApiKey'")
    faregated.start()
    path = tmp_path / "log.jsonl"
    done = faregate(faregated, "audit", "--export", str(path), "--operation", "CreateApiKey")
    assert done.returncode == 0 and "1200 entries" in done.stderr, done.stderr
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["after"]["name"] for entry in entries] == ["k%d" % number for number in range(1200)]
    assert {entry["accessKeyId"] for entry in entries} == {faregated.credentials()[0]}
    assert {entry["after"]["value"] for entry in entries} == {"(not on record)"}
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
