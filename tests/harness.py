"""Starts what an integration test needs, talks to it, and stops by pid what it started.

    with harness.Faregated() as daemon:              # the control plane alone, on a unix socket
        daemon.call("GET", "/apikeys")               # signed; .status .headers .body .json()
        harness.client(daemon).get_api_keys()        # boto3, through a small TCP bridge
    with harness.Faregate(workers=4) as gateway:     # `faregate run`: nginx and faregated
        gateway.call("GET", "/account")              # control port
        gateway.get("/_aws/execute-api/ID/dev/pets", key="...")  # data port

FG_BUILD names the build directory (default: build/ in the source tree). A build with FG_SANITIZE is recognised by its
CMakeCache.txt; nginx is then started with the sanitizers preloaded. Everything lives in a temporary directory, ports
are free ones. Leaving the block asserts that no log holds an alert, an emergency or a sanitizer's report.
"""

import contextlib
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("FG_BUILD", os.path.join(SOURCE, "build")))
REGION = "us-east-1"
START_S = 30
STOP_S = 10
TROUBLE = re.compile(r"\[(?:alert|emerg)\]|level=(?:alert|emerg)|AddressSanitizer|LeakSanitizer"
                     r"|ThreadSanitizer|runtime error:|invariant broken")


def sanitizers():
    """The value of FG_SANITIZE that the build was configured with."""
    with contextlib.suppress(FileNotFoundError), open(os.path.join(BUILD, "CMakeCache.txt")) as cache:
        for line in cache:
            if line.startswith("FG_SANITIZE:"):
                return line.split("=", 1)[1].strip()
    return ""


def environment(preload=False):
    """The environment of what is started; `preload` for programs that load sanitized code but are not (nginx)."""
    env = dict(os.environ)
    for name in [name for name in env if name.startswith("AWS_")]:
        del env[name]
    env["ASAN_OPTIONS"] = "detect_leaks=0:detect_odr_violation=0:abort_on_error=0"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1"
    if preload and "address" in sanitizers():
        libraries = [subprocess.run(["gcc", "-print-file-name=" + name], check=True, text=True,
                                    stdout=subprocess.PIPE).stdout.strip()
                     for name in ("libasan.so", "libubsan.so")]
        env["LD_PRELOAD"] = " ".join(libraries)
    return env


def program(name):
    return os.path.join(BUILD, "bin", name)


_ports_given = set()


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on, never the same twice in one run."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _ports_given:
            _ports_given.add(port)
            return port


def wait_until(question, seconds=START_S, what="the condition"):
    """Poll until `question()` is true, and hand its answer back; bounded."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError("waited %s s in vain for %s" % (seconds, what))
        time.sleep(0.02)


# ---- HTTP ----

class Response:
    """status, headers (lower-case names; the last of a repeated one), body (bytes)."""

    def __init__(self, raw):
        self.status = raw.status
        self.header_list = raw.getheaders()
        self.headers = {name.lower(): value for name, value in self.header_list}
        self.body = raw.read()

    def json(self):
        return json.loads(self.body)

    @property
    def error_type(self):
        return self.headers.get("x-amzn-errortype", "").split(":")[0]

    def __repr__(self):
        return "<Response %d %s %r>" % (self.status, self.error_type, self.body[:300])


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def exchange(connection, verb, target, headers=None, body=None):
    """One request, target and headers sent as they are given; the connection is closed."""
    with contextlib.closing(connection):
        connection.putrequest(verb, target, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None and not any(name.lower() == "content-length" for name in headers or {}):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return Response(connection.getresponse())


def sign(verb, target, body, credentials, host="localhost", region=REGION, headers=None):
    """The headers of a request signed with SigV4, as botocore does it."""
    request = botocore.awsrequest.AWSRequest(verb, "http://%s%s" % (host, target), headers=dict(headers or {}),
                                             data=body or b"")
    request.headers["Host"] = host
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(*credentials), "apigateway", region).add_auth(request)
    return dict(request.headers.items())


def read_credentials(data_dir, profile="default"):
    """(access key id, secret) as faregated wrote them."""
    import configparser
    parser = configparser.ConfigParser()
    with open(os.path.join(data_dir, "credentials")) as file:
        parser.read_file(file)
    section = parser[profile]
    return section["aws_access_key_id"], section["aws_secret_access_key"]


class Bridge:
    """TCP on a free port to a unix socket, so that clients that only know TCP reach faregated without nginx."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.path)
            except OSError:
                client.close()
                continue
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


# ---- processes ----

def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def command_line(pid):
    with contextlib.suppress(OSError), open("/proc/%d/cmdline" % pid, "rb") as file:
        return file.read().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    return ""


def children(pid):
    """Pids of the descendants of `pid`, parents first."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open("/proc/%s/stat" % entry) as file:
                parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
    found, front = [], [pid]
    while front:
        front = [child for child, parent in parents.items() if parent in front]
        found += front
    return found


class Instance:
    """What Faregated and Faregate share: directories, the child, its logs, signed calls."""

    program = None
    log_name = None

    def __init__(self, args=(), data_dir=None, autostart=True, check_logs=True):
        self.dir = tempfile.mkdtemp(prefix="fg-test-")
        os.chmod(self.dir, 0o755)  # nginx workers may run as another user
        self.data_dir = data_dir or os.path.join(self.dir, "data")
        self.log_path = os.path.join(self.dir, self.log_name)
        self.args = list(args)
        self.autostart = autostart
        self.check_logs = check_logs
        self.process = None
        self.gate_dirs = set()

    def __enter__(self):
        if self.autostart:
            try:
                self.start()
            except BaseException:
                print(self.logs())
                self.close()
                raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            print(self.logs())
        self.close()
        if kind is None and self.check_logs:
            self.assert_logs_clean()

    def spawn(self, extra=()):
        """Start the program without waiting for it to be ready."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command() + list(extra), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=self.environment(), cwd=self.dir)
        return self.process

    def environment(self):
        return environment()

    def start(self, extra=()):
        self.spawn(extra)
        wait_until(self._is_ready_or_dead, what="%s to be ready\n%s" % (self.program, self.logs()))
        assert self.process.poll() is None, "%s left with %s:\n%s" % (
            self.program, self.process.returncode, self.logs())
        return self

    def _is_ready_or_dead(self):
        return self.process.poll() is not None or self.is_ready()

    def is_ready(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.health().status == 200
        return False

    def health(self):
        return self.call("GET", "/_faregate/health", is_signed=False)

    def stop(self, how=signal.SIGTERM, seconds=STOP_S):
        """Ask it to go and wait; returns the exit code."""
        process, self.process = self.process, None
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._kill_tree(process)
            raise AssertionError("%s did not stop within %s s\n%s" % (self.program, seconds, self.logs()))

    def kill(self):
        """kill -9 of the program and everything under it."""
        process, self.process = self.process, None
        if process is not None:
            self._kill_tree(process)

    @staticmethod
    def _kill_tree(process):
        pids = [process.pid] + children(process.pid)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        wait_until(lambda: not any(map(is_alive, pids)), what="killed processes to go")

    def restart(self, extra=()):
        self.stop()
        return self.start(extra)

    def logs(self):
        """Everything that was logged, all files together."""
        texts = []
        for folder, _, names in os.walk(self.dir):
            for name in sorted(names):
                if name.endswith(".log"):
                    with open(os.path.join(folder, name), errors="replace") as file:
                        texts.append("==== %s ====\n%s" % (name, file.read()))
        return "\n".join(texts)

    def assert_logs_clean(self):
        trouble = [line for line in self._logs_kept.splitlines() if TROUBLE.search(line)]
        assert not trouble, "trouble in the logs:\n" + "\n".join(trouble[:20])

    def close(self):
        """Stop what still runs and remove every trace."""
        try:
            if self.process is not None:
                self.stop()
        finally:
            self.kill()
            self._logs_kept = self.logs()
            for gate_dir in self.gate_dirs:
                shutil.rmtree(gate_dir, ignore_errors=True)
            shutil.rmtree(self.dir, ignore_errors=True)

    # ---- talking ----

    def credentials(self):
        return read_credentials(self.data_dir)

    def call(self, verb, target, body=None, is_signed=True, headers=None, credentials=None, region=REGION):
        """One call of the control API. `body`: bytes, text, or anything JSON can say."""
        if body is not None and not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = dict(headers or {})
        headers.setdefault("Accept", "application/json")
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if is_signed:
            headers = sign(verb, target, body, credentials or self.credentials(), self.control_host(), region, headers)
        else:
            headers.setdefault("Host", self.control_host())
        return exchange(self.control_connection(), verb, target, headers, body)


class Faregated(Instance):
    """faregated alone, on a unix socket."""

    program = "faregated"
    log_name = "faregated.log"

    def __init__(self, args=(), **options):
        super().__init__(args, **options)
        self.socket_path = os.path.join(self.dir, "control.sock")
        self.gate_dir = tempfile.mkdtemp(prefix="fg-test-", dir="/dev/shm")
        self.gate_dirs.add(self.gate_dir)
        self.bridge = None

    def command(self):
        return [program("faregated"), "--data-dir", self.data_dir, "--socket", self.socket_path,
                "--gate-dir", self.gate_dir] + self.args

    def control_host(self):
        return "localhost"

    def control_connection(self):
        return UnixConnection(self.socket_path)

    def control_port(self):
        if self.bridge is None:
            self.bridge = Bridge(self.socket_path)
        return self.bridge.port

    def close(self):
        if self.bridge is not None:
            self.bridge.close()
        super().close()


class Faregate(Instance):
    """`faregate run`: nginx with the module and faregated behind it."""

    program = "faregate run"
    log_name = "faregate.log"

    def __init__(self, args=(), workers=2, profile=None, **options):
        super().__init__(args, **options)
        self.data_port = free_port()
        self.port = free_port()
        self.workers = workers
        self.profile = profile

    def command(self):
        profile = ["--profile", self.profile] if self.profile else []
        return [program("faregate"), "run", "--data-dir", self.data_dir, "--data-port", str(self.data_port),
                "--control-port", str(self.port), "--workers", str(self.workers)] + profile + self.args

    def environment(self):
        """nginx is started by faregate: the preload must reach it through there."""
        return environment(preload=True)

    def start(self, extra=()):
        super().start(extra)
        wait_until(lambda: self.process.poll() is not None or self._says_ready(), what="the line `ready`")
        for pid in self.pids("faregated"):
            words = command_line(pid).split(" ")
            if "--gate-dir" in words:
                self.gate_dirs.add(words[words.index("--gate-dir") + 1])
        return self

    def _says_ready(self):
        with open(self.log_path, errors="replace") as file:
            return any(line.startswith("ready") for line in file)

    def pids(self, name):
        """Pids below `faregate run` whose command line has `name`: "faregated", "nginx: master", "nginx: worker"."""
        if self.process is None:
            return []
        found = []
        for pid in children(self.process.pid):
            line = command_line(pid)
            first = line.split(" ")[0]
            if line.startswith(name) or os.path.basename(first) == name:
                found.append(pid)
        return found

    def control_host(self):
        return "127.0.0.1:%d" % self.port

    def control_connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def control_port(self):
        return self.port

    def request(self, verb, target, key=None, headers=None, body=None, host=None):
        """One call of the data port. `key` goes into x-api-key, `host` into Host."""
        headers = dict(headers or {})
        if key is not None:
            headers["x-api-key"] = key
        if host is not None:
            headers["Host"] = host
        connection = http.client.HTTPConnection("127.0.0.1", self.data_port, timeout=40)
        return exchange(connection, verb, target, headers, body)

    def get(self, target, key=None, **options):
        return self.request("GET", target, key, **options)


def client(instance, service="apigateway", region=REGION, credentials=None):
    """A boto3 client of the control API that does not retry and reads answers strictly."""
    import boto3
    import botocore.config
    import shapes
    key_id, secret = credentials or instance.credentials()
    return shapes.watch(boto3.client(
        service, region_name=region, aws_access_key_id=key_id, aws_secret_access_key=secret,
        endpoint_url="http://127.0.0.1:%d" % instance.control_port(),
        config=botocore.config.Config(retries={"total_max_attempts": 1})))


# ---- a backend ----

class Backend:
    """An HTTP/1.1 server that answers 200 with JSON of what it was asked, and keeps it in `requests`.

    A path with `/status/NNN` in it answers that status; `/slow/SECONDS` waits."""

    def __init__(self):
        self.requests = []
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                seen = {"method": self.command, "target": self.path, "headers": dict(self.headers.items()),
                        "body": self.rfile.read(length).decode("latin-1")}
                backend.requests.append(seen)
                slow = re.search(r"/slow/([0-9.]+)", self.path)
                if slow:
                    time.sleep(float(slow.group(1)))
                status = re.search(r"/status/([0-9]{3})", self.path)
                body = json.dumps(seen).encode()
                self.send_response(int(status.group(1)) if status else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# ---- what many tests build first ----

def make_api(gateway, name="weather", stage="dev", path="weather", uri=None, key_required=True, api_client=None):
    """An API with one GET method (MOCK, or HTTP_PROXY to `uri`), deployed to `stage`. Returns its id."""
    api = api_client or client(gateway)
    api_id = api.create_rest_api(name=name)["id"]
    root = api.get_resources(restApiId=api_id)["items"][0]["id"]
    resource = api.create_resource(restApiId=api_id, parentId=root, pathPart=path)["id"]
    where = {"restApiId": api_id, "resourceId": resource, "httpMethod": "GET"}
    api.put_method(authorizationType="NONE", apiKeyRequired=key_required, **where)
    if uri:
        api.put_integration(type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri, **where)
    else:
        api.put_integration(type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}, **where)
        api.put_method_response(statusCode="200", **where)
        api.put_integration_response(statusCode="200", responseTemplates={"application/json": '{"sky":"clear"}'},
                                     **where)
    api.create_deployment(restApiId=api_id, stageName=stage)
    return api_id


def make_plan(gateway, stages=(), rate=None, burst=None, quota=None, period="DAY", name="plan", api_client=None):
    """A usage plan over `stages` ((api id, stage name) pairs). Returns its id."""
    api = api_client or client(gateway)
    options = {"apiStages": [{"apiId": api_id, "stage": stage} for api_id, stage in stages]}
    if rate is not None:
        options["throttle"] = {"rateLimit": rate, "burstLimit": burst if burst is not None else int(rate)}
    if quota is not None:
        options["quota"] = {"limit": quota, "period": period}
    return api.create_usage_plan(name=name, **options)["id"]


def make_key(gateway, plan_id=None, value=None, api_client=None, name="key"):
    """An enabled key, on the plan when one is given. Returns (id, value)."""
    api = api_client or client(gateway)
    options = {"value": value} if value else {}
    key = api.create_api_key(name=name, enabled=True, **options)
    if plan_id:
        api.create_usage_plan_key(usagePlanId=plan_id, keyId=key["id"], keyType="API_KEY")
    return key["id"], key["value"]
