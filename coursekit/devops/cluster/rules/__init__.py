"""What the API server refuses beyond the schemas: one function for each rule.

Functions named as upstream's are the sources: kubernetes/pkg/apis/<group>/validation/validation.go.
Rules of this cluster alone are marked "this cluster". Each rule gets one object without its nulls,
of the right types (the schema came first), and yields a path and a sentence with the next step.
"""

import itertools
from collections.abc import Iterator, Sequence

from coursekit.devops.cluster.defaults import without_nulls
from coursekit.devops.cluster.documents import Document
from coursekit.devops.cluster.problems import Problem
from coursekit.devops.cluster.rules import (
    autoscalers,
    deployments,
    every,
    pods,
    services,
    stored,
)
from coursekit.devops.cluster.rules.base import Rule, selects
from coursekit.devops.cluster.rules.together import ACROSS, MOST_PODS

__all__ = ["ACROSS", "MOST_PODS", "RULES", "Rule", "broken", "selects"]

RULES: tuple[Rule, ...] = (
    *every.RULES,
    *deployments.RULES,
    *pods.RULES,
    *autoscalers.RULES,
    *services.RULES,
    *stored.RULES,
)
_MOST_FOUND = 100


def broken(documents: Sequence[Document]) -> list[Problem]:
    """The rules that the objects break, alone or together; at most a hundred places.

    Args:
        documents: Objects that fit their schemas.
    """
    return list(itertools.islice(_broken(documents), _MOST_FOUND))


def _broken(documents: Sequence[Document]) -> Iterator[Problem]:
    trees = [without_nulls(document.tree) for document in documents]
    for document, tree in zip(documents, trees, strict=True):
        for rule in RULES:
            if not rule.kinds or document.kind in rule.kinds:
                for path, text in rule.find(tree):
                    yield document.problem(path, text)
    for across in ACROSS:
        for at, path, text in across.find(trees):
            yield documents[at].problem(path, text)
