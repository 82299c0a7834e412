"""Answers lines of JSON: the documents of a YAML text."""
import json
import sys

import yaml

for line in sys.stdin:
    try:
        answer = {"answer": list(yaml.safe_load_all(json.loads(line)["text"]))}
    except Exception as error:  # Whatever it is: it is the answer.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
