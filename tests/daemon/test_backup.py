"""Backups made under load, checked, and put back without giving a quota away twice. Rules BK1 to BK5."""

import os
import shutil
import subprocess
import threading
import time

import pytest

import harness

QUOTA = 300


def faregate(*words):
    return subprocess.run([harness.program("faregate"), *map(str, words)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def spend(gateway, api_id, value, requests):
    """How many of so many calls were admitted."""
    target = "/_aws/execute-api/%s/dev/weather" % api_id
    return sum(gateway.get(target, value).status == 200 for _ in range(requests))


def spend_all(gateway, api_id, value):
    """Until it is refused for good."""
    admitted, target = 0, "/_aws/execute-api/%s/dev/weather" % api_id
    while True:
        status = gateway.get(target, value).status
        if status in (403, 429):
            return admitted
        admitted += status == 200
        assert admitted <= QUOTA


def installation(gateway):
    api_id = harness.make_api(gateway)
    plan = harness.make_plan(gateway, [(api_id, "dev")], quota=QUOTA, period="MONTH")
    return api_id, *harness.make_key(gateway, plan)


def test_made_under_load_and_put_back_elsewhere(tmp_path):
    backup = tmp_path / "node.backup"
    with harness.Faregate() as gateway:
        api_id, key_id, value = installation(gateway)
        is_over = threading.Event()

        def write():
            number = 0
            while not is_over.is_set():
                number += 1
                assert gateway.call("POST", "/apikeys", {"name": "load %d" % number}).status == 201
                spend(gateway, api_id, value, 1)

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.5)
        made = faregate("backup", backup, "--data-dir", gateway.data_dir)
        is_over.set()
        writer.join()
        assert made.returncode == 0, made.stderr
        assert os.stat(backup).st_mode & 0o777 == 0o600
        assert not os.path.exists(str(backup) + ".new")
        twice = faregate("backup", backup, "--data-dir", gateway.data_dir)
        assert twice.returncode == 1 and "is there already" in twice.stderr
        checked = faregate("verify", backup)
        assert checked.returncode == 0, checked.stdout
        assert "FAIL" not in checked.stdout and "key values" in checked.stdout
        running = faregate("verify", "--data-dir", gateway.data_dir)
        assert running.returncode == 0, running.stdout
    elsewhere = tmp_path / "elsewhere"
    refused = faregate("restore", backup, "--data-dir", elsewhere)
    assert refused.returncode == 1 and "--forget-usage" in refused.stderr
    assert not os.path.exists(elsewhere / "faregate.db")
    done = faregate("restore", backup, "--data-dir", elsewhere, "--forget-usage")
    assert done.returncode == 0, done.stderr
    with harness.Faregate(data_dir=str(elsewhere)) as gateway:
        assert gateway.call("GET", "/apikeys/%s?includeValue=true" % key_id).json()["value"] == value
        assert spend(gateway, api_id, value, 1) == 1
        entry = gateway.call("GET", "/faregate/audit?operation=RestoreBackup").json()["item"][0]
        assert entry["after"] == {"usageSinceBackup": "forgotten"}


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_a_quota_is_not_given_twice(tmp_path, end):
    """Spend, back up, spend on, restore, spend what is left: never more than the quota."""
    backup, data_dir = tmp_path / "node.backup", tmp_path / "data"
    with harness.Faregate(data_dir=str(data_dir), check_logs=end == "stopped") as gateway:
        api_id, key_id, value = installation(gateway)
        plan = gateway.call("GET", "/usageplans").json()["item"][0]["id"]
        _, unused = harness.make_key(gateway, plan, name="unused")
        admitted = spend(gateway, api_id, value, 20)
        assert faregate("backup", backup, "--data-dir", data_dir).returncode == 0
        admitted += spend(gateway, api_id, value, 100)
        late, _ = harness.make_key(gateway, name="late")
        running = faregate("restore", backup, "--data-dir", data_dir, "--force")
        assert running.returncode == 1 and "another faregated" in running.stderr
        if end == "killed":
            gateway.kill()
    refused = faregate("restore", backup, "--data-dir", data_dir)
    assert refused.returncode == 1 and "--force" in refused.stderr
    done = faregate("restore", backup, "--data-dir", data_dir, "--force")
    assert done.returncode == 0, done.stderr
    assert any(name.startswith("before-restore-") for name in os.listdir(data_dir))
    with harness.Faregate(data_dir=str(data_dir)) as gateway:
        assert gateway.call("GET", "/apikeys/" + late).status == 404
        admitted += spend_all(gateway, api_id, value)
        assert admitted <= QUOTA
        assert admitted >= QUOTA // 2  # what a power cut may cost, rule L2
        if end == "stopped":
            assert admitted == QUOTA
            assert spend_all(gateway, api_id, unused) == QUOTA
        entry = gateway.call("GET", "/faregate/audit?operation=RestoreBackup").json()["item"][0]
        assert entry["after"] == {"usageSinceBackup": "kept"}


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    path = tmp_path_factory.mktemp("backup") / "node.backup"
    with harness.Faregated() as daemon:
        for number in range(50):
            assert daemon.call("POST", "/apikeys", {"name": "k%d" % number}).status == 201
        made = faregate("backup", path, "--data-dir", daemon.data_dir)
        assert made.returncode == 0, made.stderr
    return path


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("damage, says", [
    (lambda path: flip(path, 5000), "its hash is another"),
    (lambda path: flip(path, os.path.getsize(path) - 1), "its hash is another"),
    (lambda path: os.truncate(path, os.path.getsize(path) - 1), "or its end is missing"),
    (lambda path: os.truncate(path, 0), "is empty"),
    (lambda path: path.write_bytes(b"nothing of the kind" * 100), "is no backup"),
], ids=["a byte", "its hash", "cut", "empty", "something else"])
def test_a_damaged_backup_is_refused(backup, tmp_path, damage, says):
    path, data_dir = tmp_path / "damaged", tmp_path / "data"
    shutil.copy(backup, path)
    damage(path)
    checked = faregate("verify", path)
    assert checked.returncode == 1 and says in checked.stdout, checked.stdout
    done = faregate("restore", path, "--data-dir", data_dir, "--forget-usage")
    assert done.returncode == 1 and "nothing is changed" in done.stderr
    assert not data_dir.exists()


def test_another_secret_is_found(tmp_path):
    with harness.Faregated() as daemon:
        assert daemon.call("POST", "/apikeys", {"name": "k"}).status == 201
        copy = tmp_path / "copy"
        daemon.stop()
        shutil.copytree(daemon.data_dir, copy)
    flip(copy / "secret.key", 60)
    checked = faregate("verify", "--data-dir", copy)
    assert checked.returncode == 1 and "cannot be unsealed" in checked.stdout


def test_nothing_to_back_up(tmp_path):
    done = faregate("backup", tmp_path / "b", "--data-dir", tmp_path / "none")
    assert done.returncode == 1 and "No such file" in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_customer_does_not_inherit_what_another_spent(tmp_path):
    """Rule E5: the number of a customer that was made after the backup is not given away."""
    backup, data_dir = tmp_path / "node.backup", tmp_path / "data"

    def member(gateway, customer):
        body = {"name": customer, "enabled": True, "customerId": customer}
        key = gateway.call("POST", "/apikeys", body).json()
        gateway.call("POST", "/usageplans/%s/keys" % plan, {"keyId": key["id"], "keyType": "API_KEY"})
        return key["value"]

    with harness.Faregate(data_dir=str(data_dir)) as gateway:
        api_id, _, _ = installation(gateway)
        plan = gateway.call("GET", "/usageplans").json()["item"][0]["id"]
        patch = {"patchOperations": [{"op": "replace", "path": "/faregate/quotaScope", "value": "CUSTOMER"}]}
        assert gateway.call("PATCH", "/usageplans/" + plan, patch).status == 200
        assert spend(gateway, api_id, member(gateway, "alice"), 5) == 5
        assert faregate("backup", backup, "--data-dir", data_dir).returncode == 0
        assert spend(gateway, api_id, member(gateway, "bob"), 200) == 200
    assert faregate("restore", backup, "--data-dir", data_dir, "--force").returncode == 0
    with harness.Faregate(data_dir=str(data_dir)) as gateway:
        assert spend_all(gateway, api_id, member(gateway, "carol")) == QUOTA
        assert spend_all(gateway, api_id, member(gateway, "bob")) == QUOTA - 200
