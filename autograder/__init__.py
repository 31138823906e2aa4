"""The instructor's tool: build, grade, judge, isolate, record, report."""

import sys

# jsonschema builds a grammar for internationalised URIs when it can: 1.6 s at every start, and
# nothing here has URIs.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
