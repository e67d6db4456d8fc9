"""Node's SDK asks once; the programs under AddressSanitizer are asked by boto3 and aws."""

import harness

collect_ignore = ["test_javascript.py"] if harness.sanitizers() else []
