"""What a week may hold: whole lessons and rehearsals with their worth, items to rate oneself on,
questions to ask, checklists, and facts as of the brief.

The weights of parts are the brief's; that of coding, and what is "must", "should" and "could", is
our own choice. Facts are those of the brief, which does not speak for any company and is not
up to date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PARTS = {
    "design": 40,
    "scale": 30,
    "delivery": 15,
    "cost": 10,
    "behavioural": 5,
    "coding": 20,  # our own: the brief gives it none
}


def _lesson(key: str, title: str, part: str, minutes: int, need: str) -> dict[str, Any]:
    return {
        "id": key,
        "title": title,
        "part": part,
        "minutes": minutes,
        "weight": PARTS[part],
        "need": need,
    }


COURSE: tuple[dict[str, Any], ...] = (
    _lesson("design-recommend", "Design aloud: recommend automations", "design", 45, "must"),
    _lesson("design-platform", "Design aloud: one platform for many models", "design", 45, "must"),
    _lesson("design-features", "Design aloud: a feature store", "design", 45, "should"),
    _lesson("design-training", "Design aloud: from logs to training rows", "design", 45, "could"),
    _lesson("design-anomaly", "Design aloud: find what is strange", "design", 45, "could"),
    _lesson("code-batch", "Batch requests", "coding", 45, "must"),
    _lesson("code-limit", "Limit a rate", "coding", 40, "must"),
    _lesson("code-cache", "Cache features", "coding", 45, "should"),
    _lesson("code-breaker", "Trip a breaker", "coding", 45, "should"),
    _lesson("code-logs", "Aggregate logs", "coding", 35, "could"),
    _lesson("code-router", "Route versions", "coding", 45, "could"),
    _lesson("ops-canary", "Judge a canary", "delivery", 45, "must"),
    _lesson("ops-metrics", "Export metrics", "delivery", 40, "should"),
    _lesson("ops-oom", "Fix an OOM kill", "delivery", 30, "should"),
    _lesson("ops-rollout", "Roll out without downtime", "delivery", 45, "must"),
    _lesson("ops-scale", "Scale on queue length", "cost", 40, "should"),
    _lesson("ml-drift", "Detect drift", "scale", 45, "must"),
    _lesson("ml-respond", "Respond to drift", "scale", 60, "should"),
    _lesson("ml-ab", "Judge an A/B test", "scale", 45, "should"),
    _lesson("ml-registry", "Register models", "scale", 60, "could"),
    _lesson("bill", "Halve a bill, aloud", "cost", 20, "should"),
    _lesson("stories", "Tell three stories", "behavioural", 45, "must"),
    _lesson("mock", "A mock interview", "behavioural", 90, "must"),
    _lesson("deep", "Answer deep questions", "scale", 45, "should"),
)

ITEMS: dict[str, tuple[str, ...]] = {  # rated from 1 to 5
    "design": (
        "I say what a choice costs, without being asked",
        "I think of size from the first box on",
        "My drawings hold monitoring and a way back",
        "I can put a price on a design",
        "I stay calm when the question changes",
    ),
    "coding": (
        "My code runs at the first or second try",
        "I name the edges before they bite",
        "I say time and memory in words",
        "I try a small example aloud",
        "I finish the core within fifteen minutes",
    ),
    "devops": (
        "I know what Kubernetes does when a pod dies, and why",
        "I find the cause of a failing service step by step",
        "I can draw a pipeline with its gates",
        "I know which signals wake somebody",
    ),
    "mlops": (
        "I can tell a model's life from data to retirement",
        "I know three ways to bring out a model, and when to use which",
        "I tell the kinds of drift apart",
        "I can read an A/B test",
    ),
    "communication": (
        "I think aloud",
        "I ask before I answer",
        "I give reasons in one sentence",
        "I pause instead of filling the silence",
    ),
}
AREAS = {  # which part of a rehearsal measures an area; our own reading
    "design": "design",
    "coding": "coding",
    "devops": "delivery",
    "mlops": "scale",
    "communication": "behavioural",
}


@dataclass(frozen=True)
class Ask:
    """A question for the interviewer, and how to hear the answer."""

    ask: str
    good: str
    worry: str


ASK: tuple[Ask, ...] = (
    Ask(
        "Which models run in production today, and who is woken when one fails?",
        "Names a handful, with owners and a rota.",
        "Nobody knows the number.",
    ),
    Ask(
        "How does a model get from a notebook to users here?",
        "A path with gates that people take weekly.",
        "A person who does it by hand.",
    ),
    Ask(
        "What was the last incident with a model, and what changed after it?",
        "A story with a change in it, told without blame.",
        "There was none, or it was somebody's fault.",
    ),
    Ask(
        "How do data scientists and platform engineers share the work?",
        "Says who owns what, and where it still hurts.",
        "One side hands over and is gone.",
    ),
    Ask(
        "How many predictions a day, and what is the hardest latency to meet?",
        "Numbers, and a number that is not met yet.",
        "No numbers.",
    ),
    Ask(
        "What do several regions change for models: training, release, monitoring?",
        "A rule for data, and what it costs.",
        "It has not come up.",
    ),
    Ask(
        "What is built here and what is bought, and who decides?",
        "A criterion, with one example for each.",
        "Always the one or always the other.",
    ),
    Ask(
        "What should be different a year from now because I came?",
        "One or two results that can be seen.",
        "A list of everything.",
    ),
    Ask(
        "How is the cost of inference seen, and by whom?",
        "A figure for each model that somebody reads.",
        "The bill arrives monthly.",
    ),
    Ask(
        "What makes a good week in this team?",
        "Something small and concrete.",
        "A long pause.",
    ),
)

BEFORE: tuple[str, ...] = (
    "Two or three incidents of my own, each in two minutes, with a number at the end",
    "One or two stories of working with data scientists",
    "The key numbers: latency targets, drift limits, canary steps, what spot saves",
    "Ways to save money, each with what it brings and what it risks",
    "A frame for design questions, spoken aloud at least twice",
    "The fact sheet below, and which of its lines I have checked",
    "Job advertisement beside my CV: one proof for each line, one sentence for each gap",
    "Editor, sound, camera and a second way to dial in",
    "Three questions to ask, chosen for this interviewer",
    "Sleep; nothing new on the last evening",
)
DURING: tuple[str, ...] = (
    "Ask before answering",
    "Say every assumption aloud",
    "Draw, even if it is four boxes",
    "Give the price of each choice unasked",
    "Monitoring and the way back in every design",
    "A number with a unit where there is an adjective",
    "Say when I do not know, and how I would find out",
)


@dataclass(frozen=True)
class Fact:
    """One line of the fact sheet, what to do with it, and a question that recalls it."""

    about: str
    fact: str
    question: str


AS_OF = (
    "As of the course's brief, which quotes pages from 2023 and later. Nothing here speaks for the "
    "company; check a line before you say it."
)
FACTS: tuple[Fact, ...] = (
    Fact(
        "size",
        "About 250,000 customers in one place of the brief, 150,000 in another; exercises here use "
        "150,000.",
        "How many customers, and why say “about”?",
    ),
    Fact(
        "product",
        "A work platform of boards, automations and dashboards, with products for sales and for "
        "developers on top.",
        "What is the product made of?",
    ),
    Fact(
        "regions",
        "AWS, several regions; each customer's data stays in its own. Models follow the data.",
        "What do several regions mean for a model?",
    ),
    Fact(
        "services",
        "More than 120 services by 2023, mostly TypeScript, some Python, on Kubernetes (EKS).",
        "In which languages and where do services run?",
    ),
    Fact(
        "gateway",
        "Cloudflare, then an Envoy-based gateway that knows each account's region.",
        "How does a request find its region?",
    ),
    Fact(
        "delivery",
        "Terraform, Codefresh and ArgoCD; home-made tools for infrastructure changes and for "
        "developers' self-service.",
        "Which tools bring out a change?",
    ),
    Fact(
        "observability",
        "Datadog and Coralogix beside Prometheus and Grafana.",
        "Which four names stand for monitoring?",
    ),
    Fact(
        "AI features",
        "AI Blocks, the Sidekick assistant, a Risk Analyzer, a Resource Optimizer.",
        "Name four AI features and what model each may need.",
    ),
    Fact(
        "agents",
        "A server for the Model Context Protocol lets agents act through the API, with the user's "
        "rights.",
        "How do agents reach customers' data?",
    ),
    Fact(
        "API",
        "GraphQL with a budget of complexity, a version header, cursors, and Retry-After when the "
        "limit is reached.",
        "What must a good client of the API do?",
    ),
    Fact(
        "storage",
        "mondayDB holds boards; the brief says little more of it.",
        "What is the board store called?",
    ),
    Fact(
        "field: isolation",
        "A competitor's agent feature once showed data across customers. Sessions, caches and "
        "tools have to be each tenant's own.",
        "Which incident of the field teaches isolation?",
    ),
    Fact(
        "field: hosting",
        "One large competitor routes between open models that it hosts and models of others, and "
        "lets customers choose hosted only.",
        "Host or call: what do others do?",
    ),
    Fact(
        "field: data",
        "Others promise by contract that their providers do not train on customers' data.",
        "What do customers ask about training?",
    ),
)
