"""docs/directives.md has an entry for each directive and each variable of the module, and no others."""

import os
import re

import harness


def read(*parts):
    with open(os.path.join(harness.SOURCE, *parts)) as file:
        return file.read()


def test_every_directive_has_an_entry():
    source = read("nginx", "ngx_http_faregate_module.c")
    table = source.split("ngx_http_faregate_commands[] = {")[1].split("ngx_null_command")[0]
    entries = re.findall(r"^### (faregate\w*)\nSyntax: `(faregate\w*) ?", read("docs", "directives.md"), re.M)
    assert sorted(re.findall(r'ngx_string\("(\w+)"\)', table)) == sorted(name for name, _ in entries)
    assert all(heading == syntax for heading, syntax in entries)


def test_every_variable_has_a_row():
    variables = re.findall(r'"(faregate_\w+)"', read("nginx", "ngx_http_faregate_vars.c"))
    rows = "".join(re.findall(r"^\| (`\$faregate.*?) \|", read("docs", "directives.md"), re.M))
    variables = set(variables) - {"faregate_http", "faregate_https"}  # names of upstreams
    assert sorted(variables) == sorted(re.findall(r"`\$(faregate_\w+)`", rows))
