"""The commands of the control API: what they send is what the AWS CLI sends, signed as botocore signs it."""

import json
import os
import subprocess

import pytest

import harness
import echo

THROTTLE, WHERE = "rateLimit=10,burstLimit=20", ["--rest-api-id", "a1", "--resource-id", "r1", "--http-method", "GET"]

# Both commands are given these words; the requests must be equal.
SAME_AS_AWS = [
    ["create-api-key", "--name", "customer", "--enabled"],
    ["create-api-key", "--name", "a b", "--no-enabled", "--value", "x" * 20, "--tags", "team=blue,cost=12"],
    ["create-api-key", "--name", "k", "--stage-keys", "restApiId=a,stageName=b", "restApiId=c,stageName=d"],
    ["get-api-key", "--api-key", "k1", "--include-value"],
    ["get-api-key", "--api-key", "k1", "--no-include-value"],
    ["get-api-keys", "--name-query", "a b&c=d/\u00e9", "--include-values"],
    ["get-api-keys", "--customer-id", "=", "--no-paginate"],
    ["update-api-key", "--api-key", "k1", "--patch-operations", "op=replace,path=/enabled,value=false"],
    ["update-api-key", "--api-key", "k1", "--patch-operations", "op=replace,path=/name,value='a, b'",
     "op=replace,path=/description,value=\"x = y\""],
    ["delete-api-key", "--api-key", "k1"],
    ["create-usage-plan", "--name", "free", "--throttle", THROTTLE, "--quota", "limit=100,period=DAY"],
    ["create-usage-plan", "--name", "p", "--throttle", '{"rateLimit":0.5,"burstLimit":1}',
     "--api-stages", "apiId=a,stage=b", "apiId=c,stage=d,throttle={/pets/GET={rateLimit=1.5,burstLimit=2}}"],
    ["create-usage-plan", "--name", "p", "--api-stages", '[{"apiId":"a","stage":"b"}]', "--description", "d"],
    ["get-usage-plans", "--key-id", "k1"],
    ["get-usage-plan", "--usage-plan-id", "a/b c"],
    ["update-usage-plan", "--usage-plan-id", "u1", "--patch-operations", "op=add,path=/apiStages,value=api:stage",
     "op=remove,path=/apiStages,value=other:stage"],
    ["update-usage-plan", "--usage-plan-id", "u1"],
    ["delete-usage-plan", "--usage-plan-id", "u1"],
    ["create-usage-plan-key", "--usage-plan-id", "u1", "--key-id", "k1", "--key-type", "API_KEY"],
    ["get-usage-plan-keys", "--usage-plan-id", "u1", "--name-query", "x"],
    ["get-usage-plan-key", "--usage-plan-id", "u1", "--key-id", "k1"],
    ["delete-usage-plan-key", "--usage-plan-id", "u1", "--key-id", "k1"],
    ["get-usage", "--usage-plan-id", "u1", "--start-date", "2026-01-01", "--end-date", "2026-01-31", "--key-id", "k"],
    ["update-usage", "--usage-plan-id", "u1", "--key-id", "k1", "--patch-operations",
     "op=replace,path=/remaining,value=10"],
    ["create-rest-api", "--name", "w", "--api-version", "v1", "--endpoint-configuration", "types=REGIONAL",
     "--binary-media-types", "image/png", "a/b", "--minimum-compression-size", "10"],
    ["create-rest-api", "--name", "w", "--endpoint-configuration", "types=[EDGE,REGIONAL],vpcEndpointIds=a"],
    ["get-rest-apis"],
    ["get-rest-api", "--rest-api-id", "a1"],
    ["update-rest-api", "--rest-api-id", "a1", "--patch-operations", "op=add,path=/binaryMediaTypes/image~1png"],
    ["delete-rest-api", "--rest-api-id", "a1"],
    ["create-resource", "--rest-api-id", "a1", "--parent-id", "p", "--path-part", "{proxy+}"],
    ["get-resources", "--rest-api-id", "a1", "--embed", "methods"],
    ["get-resource", "--rest-api-id", "a1", "--resource-id", "r", "--embed", "methods", "x"],
    ["delete-resource", "--rest-api-id", "a1", "--resource-id", "r"],
    ["put-method", *WHERE, "--authorization-type", "NONE", "--api-key-required", "--request-parameters",
     "method.request.path.proxy=true,method.request.querystring.q=false"],
    ["get-method", *WHERE],
    ["update-method", *WHERE, "--patch-operations", "op=replace,path=/apiKeyRequired,value=true"],
    ["delete-method", *WHERE],
    ["put-integration", *WHERE, "--type", "HTTP_PROXY", "--integration-http-method", "ANY", "--uri",
     "http://127.0.0.1:9/{proxy}", "--request-parameters",
     "integration.request.path.proxy=method.request.path.proxy", "--timeout-in-millis", "1000"],
    ["put-integration", *WHERE, "--type", "MOCK", "--request-templates",
     '{"application/json":"{\\"statusCode\\": 200}"}'],
    ["put-integration", *WHERE, "--type", "MOCK", "--request-templates",
     "application/json='{\"statusCode\": 200, \"a\": 1}'", "--cache-key-parameters", "a", "b"],
    ["put-integration-response", *WHERE, "--status-code", "200", "--response-templates", 'application/json=""'],
    ["put-integration-response", *WHERE, "--status-code", "200", "--response-parameters",
     "method.response.header.X='integration.response.header.Y'", "--selection-pattern", ""],
    ["put-method-response", *WHERE, "--status-code", "200", "--response-models", "application/json=Empty"],
    ["delete-integration", *WHERE],
    ["create-deployment", "--rest-api-id", "a1"],
    ["create-deployment", "--rest-api-id", "a1", "--stage-name", "prod", "--variables", "a=1,b=x y,c=p/q:r"],
    ["create-deployment", "--rest-api-id", "a1", "--canary-settings",
     "percentTraffic=10.5,stageVariableOverrides={a=b,c=d},useStageCache=true"],
    ["get-stages", "--rest-api-id", "a1", "--deployment-id", "d"],
    ["update-stage", "--rest-api-id", "a1", "--stage-name", "prod", "--patch-operations",
     "op=replace,path=/~1pets/GET/throttling/rateLimit,value=5"],
    ["get-account"],
    ["get-tags", "--resource-arn", "arn:aws:apigateway:us-east-1::/restapis/a1"],
    ["tag-resource", "--resource-arn", "arn:aws:apigateway:us-east-1::/usageplans/u", "--tags", "a=b"],
    ["untag-resource", "--resource-arn", "arn:aws:apigateway:us-east-1::/restapis/a1", "--tag-keys", "z", "a"],
    ["get-base-path-mapping", "--domain-name", "x.example.com", "--base-path", "(none)"],
    ["get-export", "--rest-api-id", "a1", "--stage-name", "s", "--export-type", "oas30", "--parameters",
     "extensions='apigateway'"],
    ["create-api-key", "--cli-input-json", '{"name":"from json","enabled":true,"tags":{"a":"b"}}'],
    ["create-api-key", "--cli-input-json", '{"name":"from json","enabled":true}', "--name", "from the line"],
]


def environment(url):
    env = harness.environment()
    env.update(AWS_ACCESS_KEY_ID=echo.KEY_ID, AWS_SECRET_ACCESS_KEY=echo.SECRET, AWS_DEFAULT_REGION="eu-west-1",
               AWS_PAGER="", HOME="/nonexistent", FAREGATE_ENDPOINT=url)
    return env


def run(url, *words, command=(harness.program("faregate"),), **options):
    env = environment(url)
    env.update(options)
    return subprocess.run([*command, *words], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)


@pytest.fixture(scope="module")
def service():
    with echo.Echo() as instance:
        yield instance


def canonical(seen):
    body = json.loads(seen["body"]) if seen["body"].startswith("{") else seen["body"] or None
    path, _, query = seen["target"].partition("?")
    return seen["verb"], path, sorted(query.split("&")), body or None


def sent(service, words, command):
    service.take()
    run(service.url, *words, "--endpoint-url", service.url, command=command)
    return service.take()


@pytest.mark.skipif(not os.path.exists("/usr/bin/aws"), reason="the aws command is not installed")
@pytest.mark.parametrize("words", SAME_AS_AWS, ids=lambda words: " ".join(words)[:60])
def test_sends_what_the_aws_command_sends(service, words):
    extra = ["/dev/null"] if words[0] == "get-export" else []
    theirs = sent(service, words + extra, ["/usr/bin/aws", "apigateway"])
    ours = sent(service, words, [harness.program("faregate"), "apigateway"])
    assert len(ours) == len(theirs) == 1
    assert canonical(ours[0]) == canonical(theirs[0])
    assert ours[0]["signed"], ours[0]
    assert ours[0]["headers"]["accept"] == "application/json"


# Rule X7: the guide's words, and what they mean.
GUIDE = [
    (["create-usage-plan", "--name", "free", "--throttle", "rate=10,burst=20"],
     {"name": "free", "throttle": {"rateLimit": 10.0, "burstLimit": 20}}),
    (["update-usage-plan", "--usage-plan-id", "u", "--add-op", "path=/apiStages,value=API:STAGE"],
     {"patchOperations": [{"op": "add", "path": "/apiStages", "value": "API:STAGE"}]}),
    (["update-usage-plan", "--usage-plan-id", "u", "--remove-op", "path=/apiStages,value=A:s",
      "--replace-op", "path=/name,value=x", "path=/description,value=y"],
     {"patchOperations": [{"op": "remove", "path": "/apiStages", "value": "A:s"},
                          {"op": "replace", "path": "/name", "value": "x"},
                          {"op": "replace", "path": "/description", "value": "y"}]}),
    (["create-api-key", "--name", "k", "--enabled", "true"], {"name": "k", "enabled": True}),
]


@pytest.mark.parametrize("words,body", GUIDE, ids=lambda value: value[0] if isinstance(value, list) else "")
def test_takes_the_guides_words(service, words, body):
    service.take()
    assert run(service.url, *words).returncode == 0
    assert json.loads(service.take()[0]["body"]) == body


# The command line, its exit code, and what stderr must say.
REFUSED = [
    (["create-apikey"], 2, "Do you mean 'create-api-key'?"),
    (["frobnicate-everything"], 2, "there is no command"),
    (["get-api-key"], 2, "the following arguments are required: --api-key"),
    (["get-method", "--rest-api-id", "a"], 2, "--resource-id, --http-method"),
    (["get-api-key", "--api-key"], 2, "expected one argument"),
    (["get-api-key", "--api-key", "a", "--colour", "red"], 2, "Unknown options: --colour"),
    (["get-api-key", "--api-key", "a", "stray"], 2, "expected one argument"),
    (["get-account", "stray"], 2, "Unknown options: stray"),
    (["create-usage-plan", "--name", "p", "--throttle", "rateLimit=fast"], 2, "'fast' is not a number"),
    (["create-usage-plan", "--name", "p", "--quota", "limit=1.5"], 2, "'1.5' is not a whole number"),
    (["create-usage-plan", "--name", "p", "--throttle", "speed=1"], 2, "must be one of: burstLimit, rateLimit"),
    (["create-usage-plan", "--name", "p", "--throttle", "rateLimit"], 2, "Expected: '='"),
    (["create-usage-plan", "--name", "p", "--throttle", "{broken"], 2, "Error parsing parameter '--throttle'"),
    (["create-api-key", "--name", "file:///does/not/exist"], 2, "Unable to load paramfile"),
    (["create-api-key", "--cli-input-json", "{"], 2, "cli-input-json"),
    (["create-api-key", "--cli-input-json", '{"nom":"x"}'], 2, 'Unknown parameter in input: "nom"'),
    (["get-account", "--output", "yaml"], 2, "none of json, text, table"),
    (["get-account", "--query", "keys(@)"], 2, "is not understood"),
    (["get-api-keys", "--max-items", "-1"], 2, "--max-items"),
    (["get-api-keys", "--starting-token", "!"], 2, "Bad starting token"),
    (["get-account", "--profile", "nobody"], 255, "The config profile (nobody) could not be found"),
    (["get-account", "--endpoint-url", "http://127.0.0.1:1"], 255, "Could not connect to the endpoint URL"),
]


@pytest.mark.parametrize("words,code,text", REFUSED, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_says_what_is_wrong(service, words, code, text):
    done = run(service.url, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr


def test_error_of_the_service(service):
    service.answer({"message": "Invalid API Key identifier specified"}, 404,
                   {"x-amzn-ErrorType": "NotFoundException:http://internal/"})
    done = run(service.url, "get-api-key", "--api-key", "x")
    assert done.returncode == 254
    assert done.stderr == ("\nAn error occurred (NotFoundException) when calling the GetApiKey operation: "
                           "Invalid API Key identifier specified\n")


def page(names, position=None):
    value = {"item": [{"id": name, "name": "n" + name, "createdDate": 1700000000} for name in names]}
    return dict(value, position=position) if position else value


def test_lists_all_pages_under_the_name_of_the_model(service):
    service.take()
    service.answer(page("ab", "p1"))
    service.answer(page("c"))
    done = run(service.url, "get-api-keys", "--page-size", "2")
    assert [item["id"] for item in json.loads(done.stdout)["items"]] == ["a", "b", "c"]
    assert json.loads(done.stdout)["items"][0]["createdDate"] == "2023-11-14T22:13:20+00:00"
    assert "position" not in json.loads(done.stdout)
    assert [seen["target"] for seen in service.take()] == ["/apikeys?limit=2", "/apikeys?limit=2&position=p1"]


def test_goes_on_where_max_items_stopped(service):
    """Every cut of two pages, taken up again, lists the same five."""
    for cut in range(1, 6):
        listed, token = [], None
        while True:
            service.answer(page("abc", "p1")) if token is None or '"position":null' in decoded(token) else None
            service.answer(page("de"))
            words = ["get-api-keys", "--max-items", str(cut)] + (["--starting-token", token] if token else [])
            answer = json.loads(run(service.url, *words).stdout)
            service.server.answers.clear()
            assert len(answer["items"]) <= cut
            listed += [item["id"] for item in answer["items"]]
            token = answer.get("NextToken")
            if token is None:
                break
        assert listed == ["a", "b", "c", "d", "e"], cut


def decoded(token):
    import base64
    return base64.b64decode(token).decode()


def test_usage_pages_are_one_map(service):
    service.answer({"usagePlanId": "u", "startDate": "a", "endDate": "b", "values": {"k1": [[1, 9]]}, "position": "p"})
    service.answer({"usagePlanId": "u", "startDate": "a", "endDate": "b", "values": {"k2": [[2, 8]]}})
    done = run(service.url, "get-usage", "--usage-plan-id", "u", "--start-date", "a", "--end-date", "b")
    assert json.loads(done.stdout) == {"usagePlanId": "u", "startDate": "a", "endDate": "b",
                                       "items": {"k1": [[1, 9]], "k2": [[2, 8]]}}


QUERIES = [
    ("id", "text", "x1\n"),
    ("tags.team", "json", '"blue"\n'),
    ("missing", "json", "null\n"),
    ("list[0].name", "text", "a\n"),
    ("list[-1].name", "text", "b\n"),
    ("list[].name", "text", "a\tb\n"),
    ("list[*].rate", "json", "[\n    0.1,\n    10.0\n]\n"),
    ("list[?name=='b'].rate | [0]", "text", "10.0\n"),
    ("list[?on==`true`].name", "text", "a\n"),
    ("list[?name!='b'].name | [0]", "text", "a\n"),
]


@pytest.mark.parametrize("query,output,text", QUERIES)
def test_query(service, query, output, text):
    service.answer({"id": "x1", "tags": {"team": "blue"},
                    "list": [{"name": "a", "rate": 0.1, "on": True}, {"name": "b", "rate": 10.0}]})
    assert run(service.url, "get-account", "--query", query, "--output", output).stdout == text


def test_text_is_the_aws_commands(service):
    value = {"id": "x", "enabled": True, "tags": {"b": "2", "a": "1"}, "stageKeys": ["p/q", "r/s"],
             "list": [{"k": 1}, {"j": 2.5, "deep": {"z": None}}], "empty": []}
    service.answer(value)
    assert run(service.url, "get-account", "--output", "text").stdout == (
        "True\tx\nLIST\t\t1\nLIST\t2.5\t\nDEEP\tNone\nSTAGEKEYS\tp/q\nSTAGEKEYS\tr/s\nTAGS\t1\t2\n")


def test_credentials_are_found_in_order(service, tmp_path):
    """Flag, environment, data directory, home: each, when those before are missing."""
    data_dir, home = tmp_path / "data", tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    data_dir.mkdir()
    form = "[default]\naws_access_key_id = %s\naws_secret_access_key = s\n[other]\naws_access_key_id=OTHER\n" \
           "aws_secret_access_key=s\n"
    (home / ".aws" / "credentials").write_text(form % "HOME")
    (data_dir / "credentials").write_text(form % "DATA")
    (data_dir / "run.json").write_text(json.dumps({"control": service.url}))
    bare = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(home), "FAREGATE_DATA_DIR": ""}
    rows = [
        ("HOME", [], bare),
        ("DATA", [], dict(bare, FAREGATE_DATA_DIR=str(data_dir), FAREGATE_ENDPOINT="")),
        ("ENV", [], dict(bare, AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="s", FAREGATE_DATA_DIR=str(data_dir))),
        ("DATA", ["--data-dir", str(data_dir)], dict(bare, AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="s",
                                                     FAREGATE_ENDPOINT="http://127.0.0.1:1")),
        ("OTHER", ["--profile", "other"], dict(bare, AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="s")),
        ("OTHER", [], dict(bare, AWS_PROFILE="other")),
    ]
    for key_id, words, options in rows:
        service.take()
        done = run(service.url, "get-account", *words, **options)
        assert "Credential=%s/" % key_id in service.take()[0]["headers"]["authorization"], done.stderr


def test_debug_shows_no_secret(service):
    done = run(service.url, "get-account", "--debug")
    assert "GET /account" in done.stderr and echo.SECRET not in done.stderr + done.stdout


def test_help_comes_from_the_tables(service):
    assert "create-usage-plan-key\n" in run(service.url, "apigateway", "help").stdout
    assert "--throttle burstLimit=..,rateLimit=.." in run(service.url, "create-usage-plan", "help").stdout
    assert run(service.url, "--version").stdout.startswith("faregate ")
    assert run(service.url).returncode == 2


def test_rows_are_those_of_the_service_model():
    generated = subprocess.run([os.path.join(harness.SOURCE, "tools", "generate-cli-parameters")], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
    with open(os.path.join(harness.SOURCE, "cli", "parameters.def")) as file:
        assert file.read() == generated
