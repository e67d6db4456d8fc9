"""`aws` many times over: one line of JSON in, its words; one line out, [exit code, standard output, standard error].

Starting it takes half a second a time, and reading the service model most of that. So one process enters, over and over,
what main() of /usr/bin/aws enters once.
"""

import contextlib
import io
import json
import sys

import awscli.clidriver


def run(driver, words):
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main(words)
    return [code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()]


def main():
    driver = awscli.clidriver.create_clidriver()
    for line in sys.stdin:
        print(json.dumps(run(driver, json.loads(line))), flush=True)


main()
