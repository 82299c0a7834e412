"""Answers lines of JSON: the families that Prometheus' own client finds in a text, in one of its two formats."""
import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

PARSERS = {"openmetrics": openmetrics, "prometheus": prometheus}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        families = [
            {
                "name": family.name,
                "type": family.type,
                "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples],
            }
            for family in PARSERS[asked["format"]](asked["text"])
        ]
        answer = {"answer": families}
    except Exception as error:  # Whatever it is: it is the answer.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
