"""A service that answers what it was asked, and whether the signature is the one that botocore makes of the request."""

import http.server
import json
import threading

import botocore.auth
import botocore.awsrequest
import botocore.credentials

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI"


def expected_signature(handler, body):
    authorization = handler.headers["Authorization"]
    names = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    request = botocore.awsrequest.AWSRequest(
        method=handler.command, url="http://%s%s" % (handler.headers["Host"], handler.path), data=body,
        headers={name: handler.headers[name] for name in names if name != "host"})
    region = authorization.split("/")[2]
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY_ID, SECRET), "apigateway", region)
    request.context["timestamp"] = handler.headers["X-Amz-Date"]
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        authorization = self.headers.get("Authorization", "")
        is_signed = authorization.split("Signature=")[-1] == expected_signature(self, body) if authorization else False
        self.server.seen.append({"verb": self.command, "target": self.path, "body": body.decode(), "signed": is_signed,
                                 "headers": {name.lower(): value for name, value in self.headers.items()}})
        status, headers, text = self.server.answers.pop(0) if self.server.answers else (200, {}, "{}")
        payload = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *words):
        pass


class Echo:
    """`seen` holds what was asked; `answers` (status, headers, text) are given first, `{}` afterwards."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.seen, self.server.answers = [], []
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *failure):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, value, status=200, headers=None):
        self.server.answers.append((status, headers or {}, value if isinstance(value, str) else json.dumps(value)))

    def take(self):
        seen, self.server.seen[:] = list(self.server.seen), []
        return seen
