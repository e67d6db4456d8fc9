"""A real nginx with the module, on a configuration of the test's own, in front of a faregated.

    with node.Node(locations="location / { faregate api=%(api)s stage=dev; }") as n: ...

`before` gets the running faregated and returns what fills the placeholders of `locations`. Leaving the block asserts
that nginx's error log has no alert, no emergency and no sanitizer's report.
"""

import contextlib
import http.client
import os
import signal
import subprocess

import harness

MODULE = os.path.join(harness.BUILD, "modules", "ngx_http_faregate_module.so")

GATEWAY = """
    location / {
        faregate_gateway on;
        proxy_pass $faregate_backend_scheme://$faregate_upstream$faregate_backend_uri;
        proxy_method $faregate_backend_method;
        proxy_http_version 1.1;
        proxy_set_header Host $faregate_backend_host;
        proxy_set_header Connection "";
        proxy_redirect off;
        proxy_ssl_server_name on;
        proxy_ssl_name $faregate_backend_name;
        %(tls)s
    }
"""

CONFIGURATION = """
load_module %(module)s;
daemon off;
pid %(dir)s/nginx.pid;
error_log %(dir)s/error.log info;
worker_processes %(workers)d;
%(user)s
events { worker_connections 512; }
http {
    faregate_gate %(gate)s;
    log_format verdicts '$request|$status|$faregate_verdict|$faregate_reason|$faregate_key_id|$faregate_plan_id'
        '|$faregate_api_id|$faregate_stage|$faregate_request_id|$http_x_seen';
    access_log %(dir)s/verdicts.log verdicts;
    client_body_temp_path %(dir)s/body;
    proxy_temp_path %(dir)s/proxy;
    fastcgi_temp_path %(dir)s/fastcgi;
    uwsgi_temp_path %(dir)s/uwsgi;
    scgi_temp_path %(dir)s/scgi;
    upstream faregate_http { server 0.0.0.1; faregate_balancer; keepalive 16; }
    upstream faregate_https { server 0.0.0.1; faregate_balancer; }
    server {
        listen 127.0.0.1:%(port)d;
        root %(dir)s/www;
        client_max_body_size 1m;
        underscores_in_headers on;
        %(locations)s
    }
    %(more)s
}
"""


def certificate(folder, name):
    files = [os.path.join(str(folder), name + suffix) for suffix in (".pem", ".key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=DNS:" + name, "-out", files[0], "-keyout", files[1]],
                   check=True, stderr=subprocess.DEVNULL)
    return files


class Node:
    def __init__(self, locations=GATEWAY, before=None, workers=1, more="", tls="", args=(), with_daemon=True):
        self.locations, self.before, self.workers, self.more, self.tls = locations, before, workers, more, tls
        self.daemon = harness.Faregated(args=args)
        self.with_daemon = with_daemon
        self.port = harness.free_port()
        self.process = None
        self.answered = 0

    # ---- life ----

    def __enter__(self):
        self.daemon.__enter__()
        self.dir = os.path.join(self.daemon.dir, "nginx")
        os.makedirs(os.path.join(self.dir, "www"))
        self.log_path = os.path.join(self.dir, "error.log")
        self.conf = os.path.join(self.dir, "nginx.conf")
        values = dict(self.before(self.daemon) or {}) if self.before else {}
        values.setdefault("tls", self.tls)
        values.setdefault("dir", self.dir)
        self.values = values
        self.write_configuration()
        if not self.with_daemon:
            self.daemon.kill()
        try:
            self.start()
        except BaseException:
            print(self.log())
            self.close()
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            print(self.log())
            print(self.verdict_text())
        log = self.close()
        if kind is None:
            trouble = [line for line in log.splitlines() if harness.TROUBLE.search(line)]
            assert not trouble, "trouble in nginx's log:\n" + "\n".join(trouble[:20])

    def write_configuration(self):
        with open(self.conf, "w") as file:
            file.write(CONFIGURATION % {
                "module": MODULE, "dir": self.dir, "workers": self.workers, "port": self.port,
                "gate": self.gate_path(), "user": "user root;" if os.getuid() == 0 else "",
                "locations": self.locations % self.values, "more": self.more % self.values})

    def gate_path(self):
        return os.path.join(self.daemon.gate_dir, "gate")

    def command(self, *extra):
        return ["/usr/sbin/nginx", "-p", self.dir, "-c", self.conf] + list(extra)

    def check(self):
        """nginx -t; its exit code and words."""
        done = subprocess.run(self.command("-t"), text=True, stderr=subprocess.PIPE,
                              env=harness.environment(preload=True))
        return done.returncode, done.stderr

    def start(self):
        with open(os.path.join(self.dir, "stderr.log"), "ab") as errors:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                            env=harness.environment(preload=True))
        harness.wait_until(self._is_serving, what="nginx\n" + self.log())
        assert self.process.poll() is None, self.log()

    def _is_serving(self):
        return self.process.poll() is not None or self.is_listening()

    def is_listening(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.request("GET", "/_up")
            return True
        return False

    def workers_alive(self):
        return [pid for pid in harness.children(self.process.pid)
                if harness.command_line(pid).startswith("nginx: worker process")]

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        if self.process is not None:
            process, self.process = self.process, None
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                self.daemon._kill_tree(process)
                raise

    def close(self):
        try:
            self.stop()
            return self.log()
        finally:
            self.daemon.__exit__(None, None, None)

    # ---- logs ----

    def read(self, name):
        with contextlib.suppress(FileNotFoundError), open(os.path.join(self.dir, name), errors="replace") as file:
            return file.read()
        return ""

    def log(self):
        return self.read("error.log") + self.read("stderr.log")

    def verdict_text(self):
        return self.read("verdicts.log")

    def verdict(self):
        """The last line of the log as a dict; nginx writes it after the answer has left."""
        harness.wait_until(lambda: self.verdict_text().count("\n") >= self.answered, seconds=5, what="the log")
        line = self.verdict_text().splitlines()[-1].split("|")
        names = ("request", "status", "verdict", "reason", "key_id", "plan_id", "api_id", "stage", "request_id", "seen")
        return dict(zip(names, line))

    # ---- talking ----

    def request(self, verb, target, key=None, headers=None, body=None, host=None):
        headers = dict(headers or {})
        if key is not None:
            headers["x-api-key"] = key
        if host is not None:
            headers["Host"] = host
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        answer = harness.exchange(connection, verb, target, headers, body)
        self.answered += 1
        return answer

    def get(self, target, key=None, **options):
        return self.request("GET", target, key, **options)

    # what scenes.Scene asks of an instance

    def control_port(self):
        return self.daemon.control_port()

    def credentials(self):
        return self.daemon.credentials()
