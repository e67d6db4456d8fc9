"""Headers and redirects that would say more than they should: to the caller, and to a backend that reads "_" as "-"."""

import os

import node as nodes
import scenes

REDIRECTS = """
    location /open { faregate api=%(open)s stage=prod; try_files /nope /closed/file; }
    location /dry { faregate api=%(closed)s stage=prod; faregate_dry_run on; try_files /nope /closed/file; }
    location /closed/ { faregate api=%(closed)s stage=prod; }
"""


def test_a_static_value_cannot_end_its_header_line(node):
    """Rule: what a mapping sets is one header, whatever its author wrote between the quotes."""
    scene = scenes.Scene(node)
    where = scene.add_mock("split", is_key_required=False)
    where["statusCode"] = "200"
    scene.api.delete_method_response(**where)
    scene.api.put_method_response(**where, responseParameters={
        "method.response.header." + name: False for name in ("X-Split", "X-Whole", "Content-Type")})
    scene.api.put_integration_response(**where, responseParameters={
        "method.response.header.X-Split": "'a\r\nX-Evil: 1'", "method.response.header.X-Whole": "'b'",
        "method.response.header.Content-Type": "'text/plain\r\nX-Evil: 2'"})
    scene.deploy()
    answer = node.get(scene.path("split"))
    assert answer.status == 200 and answer.headers["x-whole"] == "b"
    assert "x-evil" not in answer.headers and "x-split" not in answer.headers


def test_underscores_do_not_pass_for_the_gateway_s_own_headers(node, backend):
    """CGI and WSGI make HTTP_X_FORWARDED_FOR of X_Forwarded_For too; what only we may say must come from us alone."""
    scene = scenes.Scene(node, backend=backend.url)
    key = scene.key(scene.plan())[1]
    forged = ("X_Forwarded_For", "X-Forwarded_Proto", "X_Amzn_Apigateway_Api_Id", "Content_Length", "Transfer_Encoding")
    headers = dict.fromkeys(forged, "7")
    seen = node.get(scene.path("proxy/x"), key, headers=dict(headers, X_Own="kept")).json()["headers"]
    assert seen["X_Own"] == "kept" and seen["X-Forwarded-For"] == "127.0.0.1"
    assert [name for name in forged if name in seen] == []


def test_a_redirect_does_not_carry_one_guard_s_yes_past_another():
    """What one API lets pass without a key, or a dry run lets pass at all, is asked again where other rules hold."""
    def before(daemon):
        return {"open": scenes.Scene(daemon).api_id, "closed": scenes.Scene(daemon).api_id}

    with nodes.Node(locations=REDIRECTS, before=before) as node:
        os.makedirs(os.path.join(node.dir, "www", "closed"))
        with open(os.path.join(node.dir, "www", "closed", "file"), "w") as file:
            file.write("for keys only")
        for path in ("/closed/file", "/open", "/dry"):
            assert node.get(path).status == 403, path
