"""A learner's manifests, read and checked as kubectl and the API server would."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from coursekit.devops.cluster import documents, rules, schema
from coursekit.devops.cluster.documents import Document, Tree
from coursekit.devops.cluster.problems import ManifestError, Problem

_MOST_FOUND = 100  # then the rest is not looked at


@dataclass(frozen=True)
class Manifests:
    """The objects of an answer, in the order in which they are applied."""

    documents: tuple[Document, ...]

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def trees(self) -> tuple[Tree, ...]:
        """The objects as plain trees, as the simulator takes them."""
        return tuple(document.tree for document in self.documents)

    def of(self, kind: str) -> tuple[Document, ...]:
        """All objects of a kind."""
        return tuple(document for document in self.documents if document.kind == kind)

    def find(self, kind: str, name: str, namespace: str = "default") -> Document | None:
        """One object, or None where there is none."""
        for document in self.of(kind):
            if (document.name, document.namespace) == (name, namespace):
                return document
        return None


def read(answer: str | Mapping[str, str]) -> Manifests:
    """The objects of an answer, when an API server would take every one of them.

    Args:
        answer: YAML of one or several documents, or such texts by file name.

    Raises:
        ManifestError: With up to ten sentences: line, path, what is wrong, the next step.
    """
    found, problems = documents.parse(answer)
    if not found and not problems:
        problems.append(Problem("", 0, "", "no manifest in the answer; write YAML"))
    sound: list[Document] = []
    for document in found:
        if len(problems) > _MOST_FOUND:
            break
        violations = schema.violations(document)
        problems += [document.problem(path, sentence) for path, sentence in violations]
        if not violations:
            sound.append(document)
    problems += rules.broken(sound)
    if problems:
        raise ManifestError(problems)
    return Manifests(tuple(found))
