"""Scenes that several integration tests start from: an API with a MOCK behind a key, a plan, a key on it."""

import json
import os
import subprocess

import harness


class Scene:
    """An API with `GET /status` (MOCK, key required) and `GET /open` (MOCK, no key), deployed to one stage."""

    def __init__(self, instance, stage="prod", key_source="HEADER", backend=None):
        self.instance = instance
        self.api = harness.client(instance)
        self.stage = stage
        created = self.api.create_rest_api(name="weather", apiKeySource="HEADER")
        self.api_id = created["id"]  # botocore of Debian 12 does not know rootResourceId
        self.root_id = self.api.get_resources(restApiId=self.api_id)["items"][0]["id"]
        if key_source != "HEADER":
            self.api.update_rest_api(restApiId=self.api_id, patchOperations=[
                {"op": "replace", "path": "/apiKeySource", "value": key_source}])
        self.add_mock("status", is_key_required=True)
        self.add_mock("open", is_key_required=False)
        if backend:
            self.add_proxy("proxy", backend)
        self.deploy()

    def resource(self, part):
        return self.api.create_resource(restApiId=self.api_id, parentId=self.root_id, pathPart=part)["id"]

    def add_mock(self, part, is_key_required, body='{"weather":"fine"}'):
        where = {"restApiId": self.api_id, "resourceId": self.resource(part), "httpMethod": "GET"}
        self.api.put_method(**where, authorizationType="NONE", apiKeyRequired=is_key_required)
        self.api.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        self.api.put_method_response(**where, statusCode="200")
        self.api.put_integration_response(**where, statusCode="200", responseTemplates={"application/json": body})
        return where

    def add_proxy(self, part, backend, is_key_required=True):
        parent = self.resource(part)
        child = self.api.create_resource(restApiId=self.api_id, parentId=parent, pathPart="{proxy+}")["id"]
        where = {"restApiId": self.api_id, "resourceId": child, "httpMethod": "ANY"}
        self.api.put_method(**where, authorizationType="NONE", apiKeyRequired=is_key_required,
                            requestParameters={"method.request.path.proxy": True})
        self.api.put_integration(**where, type="HTTP_PROXY", integrationHttpMethod="ANY", uri=backend + "/{proxy}",
                                 requestParameters={"integration.request.path.proxy": "method.request.path.proxy"})
        return where

    def deploy(self):
        return self.api.create_deployment(restApiId=self.api_id, stageName=self.stage)["id"]

    def plan(self, rate=None, burst=None, limit=None, period="DAY", offset=0, is_on_stage=True, **more):
        members = dict(more)
        if rate is not None:
            members["throttle"] = {"rateLimit": rate, "burstLimit": burst}
        if limit is not None:
            members["quota"] = {"limit": limit, "period": period, "offset": offset}
        stages = [{"apiId": self.api_id, "stage": self.stage}] if is_on_stage else []
        return self.api.create_usage_plan(name="plan", apiStages=stages, **members)["id"]

    def key(self, *plan_ids, is_enabled=True):
        """(id, value) of a new key on the plans."""
        created = self.api.create_api_key(name="caller", enabled=is_enabled)
        for plan_id in plan_ids:
            self.api.create_usage_plan_key(usagePlanId=plan_id, keyId=created["id"], keyType="API_KEY")
        return created["id"], created["value"]

    def path(self, resource="status"):
        return "/_aws/execute-api/%s/%s/%s" % (self.api_id, self.stage, resource)

    def get(self, key=None, resource="status", **options):
        return self.instance.get(self.path(resource), key, **options)

    def used(self, plan_id, key_id):
        """[used, remaining] of today."""
        today = subprocess.run(["date", "-u", "+%F"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        usage = self.api.get_usage(usagePlanId=plan_id, keyId=key_id, startDate=today, endDate=today)
        return usage["items"].get(key_id, [[0, None]])[-1]


def set_account_throttle(instance, rate, burst):
    """The limit behind all others (rule T2); 10,000 requests per second, burst 5,000 by default."""
    harness.client(instance).update_account(patchOperations=[
        {"op": "replace", "path": "/throttleSettings/rateLimit", "value": str(rate)},
        {"op": "replace", "path": "/throttleSettings/burstLimit", "value": str(burst)}])


def load(port, path, **options):
    """Run the exact load generator; its report as a dict. Options as its flags: connections=64, requests=1000, key=..."""
    command = [os.path.join(harness.BUILD, "bench", "load"), "--port", str(port), "--path", path]
    for name, value in options.items():
        command += ["--" + name] if value is True else ["--" + name, str(value)]
    done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, timeout=600)
    report = json.loads(done.stdout)
    report["ok"] = sum(count for status, count in report["status"].items() if status.startswith("2"))
    return report
