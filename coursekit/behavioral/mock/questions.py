"""What may be asked in a rehearsal, what a good answer holds, and how marks are given.

The questions are spoken: none of them is judged by a machine. Each has points to hit, follow-ups,
facts to give when the candidate asks for them, and criteria with three anchors. The weights of the
criteria are the brief's for the five questions that have some there; all others weigh the same,
which is our own choice, as is the frame for clarifying questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

WEIGHTS = {"design": 40, "scale": 30, "delivery": 15, "cost": 10, "behavioural": 5}
TITLES = {
    "design": "System design",
    "scale": "Deep dive: models in production",
    "delivery": "Deep dive: delivery and rollback",
    "cost": "Deep dive: cost",
    "behavioural": "Behavioural",
    "coding": "Coding",
}
MINUTES = {  # of one question; the format of the brief, the deep dive's are our own
    "design": 45.0,
    "scale": 8.0,
    "delivery": 8.0,
    "cost": 8.0,
    "behavioural": 10.0,
    "coding": 15.0,
}
DAY = {"design": 1, "coding": 1, "scale": 2, "delivery": 1, "cost": 1, "behavioural": 3}
FRAME = {  # seven questions to ask before the first box is drawn; our own
    "for whom": "Who uses it, inside or outside, and what do they do next?",
    "how much": "How many tenants, users, requests a second, models, bytes?",
    "how fast": "Which latency, at which percentile, and what happens after it?",
    "how fresh": "How old may data and answers be?",
    "how wrong": "What does a wrong or a missing answer cost, and who notices?",
    "whose data": "Who may see what, and where may it lie?",
    "how dear": "What may it cost, and what is it measured against?",
}


@dataclass(frozen=True)
class Criterion:
    """One thing that is marked from 1 to 5, with an anchor for 1, 3 and 5."""

    key: str
    title: str
    weak: str
    good: str
    strong: str


@dataclass(frozen=True)
class Question:
    """One question of a round.

    Attributes:
        part: a key of `TITLES`.
        topic: what it is about; a weak topic is drawn sooner.
        facts: answers to the frame's questions, given when the candidate asks.
        points: what a good answer mentions.
        follow_ups: asked one after the other.
        criteria: weights by key of `CRITERIA`.
        weights_from: where the weights come from, in words.
        lesson: the lesson whose checks judge it; empty for spoken questions.
        stages: the stage of the lesson's checks that opens each follow-up, "core" first.
    """

    id: str
    part: str
    topic: str
    text: str
    points: tuple[str, ...]
    follow_ups: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    criteria: Mapping[str, int] = field(default_factory=dict)
    weights_from: str = "all the same, our own choice"
    lesson: str = ""
    stages: tuple[str, ...] = ()

    @property
    def minutes(self) -> float:
        """How long it takes."""
        return MINUTES[self.part]


BRIEF = "the brief's"


def _criteria(*rows: tuple[str, str, str, str, str]) -> dict[str, Criterion]:
    return {row[0]: Criterion(*row) for row in rows}


CRITERIA = _criteria(
    (
        "requirements",
        "Asks before drawing",
        "Draws at once; the first number comes from the interviewer.",
        "Asks for size and latency, then goes on.",
        "Asks five things or more, repeats the answers as numbers and says what is left out.",
    ),
    (
        "architecture",
        "The whole picture",
        "Names products; how a request travels stays open.",
        "Walks one request from client to answer, with data, model and storage.",
        "Also walks training, release and failure, and says why each box is there.",
    ),
    (
        "isolation",
        "Tenants stay apart",
        "Tenants come up only when asked for.",
        "Keys, caches and limits carry the tenant.",
        "Also audit, noisy neighbours, region, and how a leak would be noticed.",
    ),
    (
        "scaling",
        "Grows with traffic",
        "More machines.",
        "Scales on a signal that fits, such as the queue, and says what is slow to start.",
        "Computes a number aloud, finds the first bottleneck, says what ten times more breaks.",
    ),
    (
        "trade-offs",
        "Trade-offs",
        "One way, as if there were no other.",
        "Two ways and a choice.",
        "Choice, price, and the fact that would turn it round; unasked.",
    ),
    (
        "sight",
        "Watches and goes back",
        "Monitoring is a word at the end.",
        "Names signals with limits and a way back.",
        "Signals by version and tenant, who is woken, and a way back that was tried.",
    ),
    (
        "drift-kinds",
        "Kinds of drift",
        "Inputs only.",
        "Inputs, predictions and the relation between them.",
        "Also says which of them needs labels, and what to do while they are late.",
    ),
    (
        "detection",
        "How it is noticed",
        "Somebody looks at a chart.",
        "A score with a limit on a schedule.",
        "Score, limit, window, confirmation, and the false alarms it costs.",
    ),
    (
        "response",
        "What happens then",
        "Retrain.",
        "Log, alert or go back, by severity.",
        "Also why a rollback does not cure a changed world, and a check before any retraining.",
    ),
    (
        "business",
        "What it costs the business",
        "Only the score matters.",
        "Names the metric that the product would see.",
        "Ties alarm and response to that metric and to a tenant.",
    ),
    (
        "pipelines",
        "Code and model apart",
        "One pipeline, as for any service.",
        "Code, training and release have their own triggers.",
        "Also what links them: versions of data, code and model in one record.",
    ),
    (
        "gates",
        "Gates",
        "Unit tests.",
        "Data, model quality and latency are checked before release.",
        "Each gate has a limit, an owner and a price, and fails loudly.",
    ),
    (
        "rollout",
        "How it goes out",
        "All at once.",
        "5, 25, 50, 100 % with a soak.",
        "Also what is compared at each step, and which signal ends it early.",
    ),
    (
        "rollback",
        "The way back",
        "Deploy the old one again, by hand.",
        "Shifts traffic back when a limit is passed.",
        "The old version stays warm, the way was rehearsed, data written meanwhile is thought of.",
    ),
    (
        "practice",
        "Done before, not read",
        "Tools are listed.",
        "Says how one step is set up.",
        "Tells what went wrong the first time, and what was changed.",
    ),
    (
        "strategies",
        "Several levers",
        "One lever.",
        "Size, scaling, spot, caching: three or more.",
        "In an order, by what each brings and how long it takes.",
    ),
    (
        "numbers",
        "Numbers",
        "Better, faster, cheaper.",
        "One figure with a unit.",
        "Before, after and how it was measured; a sum done aloud.",
    ),
    (
        "two-stores",
        "Online and offline",
        "One database.",
        "A fast store for serving, a deep one for training.",
        "How one definition fills both, and what happens when they differ.",
    ),
    (
        "consistency",
        "Training equals serving",
        "Written twice, in two languages.",
        "One definition runs in both places.",
        "Also a test that compares both on logged requests.",
    ),
    (
        "in-time",
        "Right at that time",
        "Joins the newest value.",
        "Joins the value known at the moment of the event.",
        "Also late data, and how a leak would show in the metrics.",
    ),
    (
        "governance",
        "Found and owned",
        "Nobody knows who owns a feature.",
        "Registry with owner and version.",
        "Also how a feature is retired and who is told.",
    ),
    (
        "depth",
        "Knows why",
        "A word from a slide.",
        "Explains the mechanism.",
        "Explains it, its limit, and when not to use it.",
    ),
    (
        "failure",
        "What breaks",
        "The happy path only.",
        "Names one failure and what helps.",
        "Names the likeliest, how it shows, and what the user sees meanwhile.",
    ),
    (
        "structure",
        "Told in order",
        "Wanders; the question is not answered.",
        "Situation, task, action, result can be told apart.",
        "Also within the time, with the action as the longest part.",
    ),
    (
        "own-part",
        "Own part",
        "What the team did.",
        "What I did, in two or three steps.",
        "What I chose, what I rejected and why, with others named by role.",
    ),
    (
        "result",
        "Result",
        "It went well.",
        "One number before and after.",
        "Number, what it meant for users, and what was still bad.",
    ),
    (
        "learning",
        "Learning",
        "None, or somebody else's fault.",
        "One thing done differently since.",
        "A change that outlived the story: a check, a page, a habit of the team.",
    ),
    (
        "quality",
        "Quality",
        "Runs, but a colleague could not change it.",
        "Names read well, types help, errors are handled.",
        "Also small parts that are tested apart, and a docstring where it is not plain.",
    ),
    (
        "scale-said",
        "Scale, in words",
        "No word on cost.",
        "Says time and memory of each operation.",
        "Also concurrent callers, the bound on memory and what happens on failure.",
    ),
    (
        "production",
        "Production",
        "Constants inside, no way to see it work.",
        "Settings from outside, one metric.",
        "Logs to debug by, a metric to watch, and a worse answer rather than none.",
    ),
    (
        "mlops",
        "MLOps sense",
        "Cannot say.",
        "Ties it to throughput, latency or versions.",
        "Says what would be measured before and after.",
    ),
    (
        "communication",
        "Communication",
        "Types in silence.",
        "Approach first, then code.",
        "Questions first, approach, trade-off aloud, and a small example as a test.",
    ),
)

_EVEN = ("requirements", "architecture", "scaling", "sight", "trade-offs")
_DEEP = ("depth", "failure", "numbers", "trade-offs")
_STORY = ("structure", "own-part", "result", "learning")


def _even(*keys: str) -> dict[str, int]:
    return dict.fromkeys(keys, 1)


DESIGNS = (
    Question(
        "design-serving",
        "design",
        "serving",
        "Many teams train models, all customers share one product. Design the platform that "
        "serves these models.",
        (
            "gateway with auth and a limit for each tenant, then a router, then a pool per model",
            "the tenant travels with every request, cache key, feature key and log line",
            "shared models first; a model of one's own for the few who pay for it",
            "CPU and GPU pools apart, each scaled on its own queue",
            "canary and a way back for every model; metrics by version and tenant",
            "a cache keyed by tenant and input; spot for most of the GPU capacity",
        ),
        (
            "Traffic is ten times higher on Monday at nine. What breaks first?",
            "One tenant sends half of all requests. Who notices, and what do you do?",
            "Now 500 tenants want a fine-tuned model each.",
            "A customer asks for proof that nobody else can see its data.",
        ),
        {
            "for whom": "Users inside the product wait for the answer.",
            "how much": "150,000 customers, some tens of models, 2,000 requests a second at peak.",
            "how fast": "p95 below 100 ms for small models; text generation may stream.",
            "how fresh": "Models weekly, features within minutes.",
            "how wrong": "A missing suggestion is harmless; another tenant's data is the worst.",
            "whose data": "Each customer's; some must stay in the EU.",
            "how dear": "GPU cost is watched each week; no fixed sum.",
        },
        {"requirements": 15, "architecture": 30, "isolation": 20, "scaling": 15, "trade-offs": 20},
        BRIEF,
    ),
    Question(
        "design-features",
        "design",
        "features",
        "Ranking and churn models ask for the same features, online and in training. Design the "
        "store they share.",
        (
            "an online store for milliseconds, an offline one for history",
            "one definition fills both, batch and stream",
            "joins as of the moment of the event, so nothing leaks from the future",
            "keys carry the tenant; what is missing has a default that is written down",
            "registry: owner, version, freshness, who uses it",
            "a job compares what was served with what training would compute",
        ),
        (
            "A feature's definition changes today. What happens to models that use it?",
            "The online store is gone for ten minutes. What does a request get?",
            "How do you find the feature that nobody uses any more?",
        ),
        {
            "for whom": "A dozen models and the people who train them.",
            "how much": "500 features, 10 million users.",
            "how fast": "Below 10 ms for a request of fifty features.",
            "how fresh": "Counts of a session within seconds, the rest daily.",
            "how wrong": "A stale feature lowers quality; a leaked label makes every metric a lie.",
            "whose data": "Tenants must not be mixed, in keys or in training.",
            "how dear": "Memory of the online store is the largest bill.",
        },
        {
            "two-stores": 25,
            "consistency": 25,
            "scaling": 20,
            "in-time": 20,
            "governance": 10,
        },
        BRIEF,
    ),
    Question(
        "design-recommend",
        "design",
        "recommendation",
        "When somebody opens the automation menu, we want to offer the three recipes that would "
        "help on this board; once a week we also send them by mail. Design it.",
        (
            "events of boards and users, kept by tenant, and a label: offered, taken, kept",
            "candidates first (cheap), then a ranking model",
            "the same model in two ways: an API while the menu opens, a batch for the mail",
            "a default list when model or features are late",
            "an experiment by account, with a metric of kept automations, not clicks",
            "cost of the batch against its use; cache by board version",
        ),
        (
            "A new customer has no history. What do you show?",
            "Clicks rise, kept automations fall. What now?",
            "Mails must be out on Monday at eight in every time zone.",
        ),
        {
            "for whom": "Every user who edits a board.",
            "how much": "150,000 customers, millions of users, 300 menu openings a second at peak.",
            "how fast": "The menu waits 200 ms at most.",
            "how fresh": "A new column may matter within the hour.",
            "how wrong": "A silly offer annoys; another account's board name is an incident.",
            "whose data": "Each account's own.",
            "how dear": "99.9 % available, cheaper than one cent a user a month.",
        },
        _even(*_EVEN),
    ),
    Question(
        "design-platform",
        "design",
        "serving",
        "Twenty models of three frameworks run on twenty home-made servers. Bring them onto one "
        "platform.",
        (
            "one contract for all: input, output, health, version, metrics",
            "a runtime for each framework behind it; models loaded from a registry",
            "classes of latency: within 50 ms, within seconds, later",
            "many small models share a machine; big ones get their own",
            "scaling for each model, and a floor for those that must never be cold",
            "moving in: one model at a time, with shadow traffic",
        ),
        (
            "Two models need different versions of the same library.",
            "A model takes forty seconds to load. How does that change scaling?",
            "How would data scientists release a model themselves?",
        ),
        {
            "for whom": "Eight product teams, twelve data scientists.",
            "how much": "Twenty models now, fifty next year.",
            "how fast": "From 50 ms to 5 seconds, by model.",
            "how fresh": "Some models change daily, most each month.",
            "how wrong": "By model; the platform must let each say so.",
            "whose data": "Shared models, tenants' inputs.",
            "how dear": "Half of the GPUs idle today.",
        },
        _even(*_EVEN),
    ),
    Question(
        "design-training-data",
        "design",
        "data",
        "We keep a terabyte of activity logs a day. Design the road from these logs to rows a "
        "model can be trained on.",
        (
            "raw logs stay as they came, in partitions by day and region",
            "stream for fresh counts, batch for history, one definition for both",
            "schema and quality checks before anybody trains, with a quarantine",
            "events carry the time they happened, not the time they arrived",
            "datasets have versions; a training run names the one it used",
            "erasure: who asks to be forgotten is gone from logs and from sets",
        ),
        (
            "A day's logs arrive three days late. What is trained wrongly?",
            "An upstream team renames a field on Friday. When do you notice?",
            "How do you build the rows of six months ago once more?",
        ),
        {
            "for whom": "Trainers of models, and analysts.",
            "how much": "1 TB a day, features by user.",
            "how fast": "Batch within the night, stream within a minute.",
            "how fresh": "Yesterday for training.",
            "how wrong": "Wrong rows are worse than none.",
            "whose data": "Customers in two regions; logs must not leave theirs.",
            "how dear": "Storage is cheap, scanning is not.",
        },
        _even(*_EVEN),
    ),
    Question(
        "design-anomaly",
        "design",
        "anomaly",
        "Find accounts that behave strangely (stolen logins, bots, corrupted data) while it "
        "happens. Design it.",
        (
            "a stream keyed by account, windows and a state that fits into memory",
            "rules for what is known, a model for what is not",
            "scores against the account's own past, not the world's",
            "alerts grouped into cases, with what an analyst needs to decide",
            "feedback of analysts becomes labels",
            "a budget of false alarms a day, and load shedding that never drops the worst",
        ),
        (
            "Attackers learn where your limit is.",
            "A product launch makes everybody look strange.",
            "Events come twice, and out of order.",
        ),
        {
            "for whom": "A security team of five.",
            "how much": "100,000 events a second.",
            "how fast": "An alert within a minute.",
            "how fresh": "Profiles of the last 30 days.",
            "how wrong": "Twenty false alarms a day are the limit; a missed theft is a headline.",
            "whose data": "All customers; analysts see only what the case needs.",
            "how dear": "Less than the damage of one theft a year.",
        },
        _even(*_EVEN),
    ),
)

DEEP = (
    Question(
        "deep-drift",
        "scale",
        "drift",
        "Your model is three months old. How do you know that it still works, and what do you do "
        "when it does not?",
        (
            "inputs, predictions, and the truth that comes late",
            "PSI: look above 0.2, alert above 0.25; another convention says 0.1 and 0.2",
            "two windows in a row before anybody is woken",
            "roll back for a broken version; retrain, after a check, for a changed world",
            "a business metric beside the score",
        ),
        (
            "Labels take three weeks. What do you watch until then?",
            "PSI is 0.4 and nobody complains. What now?",
        ),
        criteria={"drift-kinds": 20, "detection": 30, "response": 25, "business": 25},
        weights_from=BRIEF,
    ),
    Question(
        "deep-gpu-scaling",
        "scale",
        "autoscaling",
        "Inference on GPUs must follow a traffic that doubles in two minutes. How do you scale it?",
        (
            "scale on queue depth, GPU use as a second signal",
            "fast up, slow down; a floor of two",
            "nodes take minutes: headroom, schedule or warm-up for known peaks",
            "spot for most, on-demand for the floor",
            "shed load politely before latency collapses",
        ),
        (
            "Why not on CPU use?",
            "The new pod is ready, and latency rises. Why?",
        ),
        criteria=_even(*_DEEP),
    ),
    Question(
        "deep-latency",
        "scale",
        "latency",
        "A model needs 400 ms and the product allows 100. What do you do first, second and third?",
        (
            "measure where the time goes: before, in and after the model",
            "cheap things first: batch, cache, a smaller input",
            "half precision 1.5 to 2 times, distillation 2 to 3, cache hits 3 to 5",
            "show that answers stay the same, within a bound agreed before",
            "offer options with their price instead of a no",
        ),
        (
            "The cache helps on average and not at p99. Why?",
            "Quality falls by half a point. Who decides?",
        ),
        criteria=_even(*_DEEP),
    ),
    Question(
        "deep-outage",
        "scale",
        "incidents",
        "At two in the afternoon p99 rises from 300 ms to 3 s. Take me through the next half hour.",
        (
            "who is hurt, since when, what changed",
            "go back first, look for the cause afterwards",
            "one person leads, one writes; somebody tells support",
            "the change that made it, found by version and time",
            "afterwards: without blame, with owners and dates",
        ),
        (
            "The rollback does not help. Next?",
            "Which alert should have told you earlier?",
        ),
        criteria=_even("depth", "failure", "practice", "numbers"),
    ),
    Question(
        "deep-cicd",
        "delivery",
        "ci/cd",
        "How does a change of code, of data or of a model reach users here, and what stops a bad "
        "one?",
        (
            "code, training and release: three pipelines with their own triggers",
            "gates: data checks, quality against the one in production, latency, security",
            "shadow, then 5, 25, 50, 100 % with thirty minutes each",
            "proceed below 1 % errors; back at once above 5 % or at twice the p99",
            "one record ties model, data, code and image together",
        ),
        (
            "Who gets the first five percent?",
            "At 100 % the old version is gone. How do you return within a minute?",
        ),
        criteria={"pipelines": 20, "gates": 25, "rollout": 25, "rollback": 15, "practice": 15},
        weights_from=BRIEF,
    ),
    Question(
        "deep-sight",
        "delivery",
        "observability",
        "You inherit a model service without a dashboard. What do you measure first, and what "
        "wakes somebody?",
        (
            "rate, errors, duration; queue and saturation; by version",
            "predictions and confidence as histograms, not one mean",
            "labels are bounded; tenants go to logs or to a top list",
            "burn rate pages, single errors make tickets",
            "one trace id through gateway, model and feature store",
        ),
        (
            "How do you tell a broken machine from a bad model?",
            "An alert fires nightly and nobody acts. What do you do?",
        ),
        criteria=_even("depth", "failure", "sight", "practice"),
    ),
    Question(
        "deep-cost",
        "cost",
        "cost",
        "The GPU bill must be halved in a quarter. Where do you begin?",
        (
            "measure: cost for a thousand predictions, by model",
            "right size and scale to zero where nobody works at night",
            "spot with checkpoints, about 70 % cheaper; commitments for the floor",
            "cache and batch; half precision, smaller models",
            "what each lever risks, and how you would notice",
        ),
        (
            "Which of these would you not do for the checkout model?",
            "Traffic grows by a half meanwhile. Did you reach the goal?",
        ),
        criteria={"strategies": 25, "numbers": 25, "trade-offs": 25, "practice": 25},
        weights_from=BRIEF,
    ),
    Question(
        "deep-spot",
        "cost",
        "training cost",
        "Training costs 15,000 a month and a third of the runs die halfway. What do you change?",
        (
            "checkpoints every half hour, outside of the machine",
            "spot of several kinds, with a way back to on-demand",
            "stop early what does not learn",
            "size by a profile, not by habit",
            "count what a finished run costs, not an hour",
        ),
        (
            "A checkpoint is damaged. What happens to the run?",
            "Who waits when spot is gone for a day?",
        ),
        criteria={"strategies": 25, "numbers": 25, "trade-offs": 25, "practice": 25},
        weights_from=BRIEF,
    ),
)


def _story(key: str, topic: str, text: str, points: tuple[str, ...], *follow_ups: str) -> Question:
    return Question(
        f"story-{key}", "behavioural", topic, text, points, follow_ups, criteria=_even(*_STORY)
    )


BEHAVIOURAL = (
    _story(
        "latency",
        "incidents",
        "Tell me of a time when something you ran became slow or failed, and you were on call.",
        ("first minutes and what you told whom", "cause, found how", "what stops it now"),
        "What would you do in the first five minutes now?",
        "Who was hurt, and how did you know?",
    ),
    _story(
        "crashes",
        "incidents",
        "Tell me of a service that kept crashing after a release of yours or of somebody near you.",
        ("how it was made stable at once", "the real cause, with a number", "the lasting repair"),
        "Why had no test found it?",
    ),
    _story(
        "research",
        "collaboration",
        "Tell me of a model or tool that came out of research and that you brought to users.",
        ("what good meant, agreed before", "who owned what", "what the others can do alone now"),
        "Where did you and the researchers disagree?",
        "What did you not take over?",
    ),
    _story(
        "two-fires",
        "collaboration",
        "Tell me of two urgent things that needed you on the same day.",
        ("how you compared them", "what you said to whoever waited", "what was delegated"),
        "Who was unhappy, and was it right?",
    ),
    _story(
        "bill",
        "cost",
        "Tell me of money that you saved, or of a bill that you had to explain.",
        ("the measurement first", "order of levers", "what did not get worse"),
        "Which part of the saving would have come without you?",
    ),
    _story(
        "training-bill",
        "cost",
        "Tell me of a job that was slow or wasteful, and what you did about it.",
        ("before and after", "the risk you took", "who noticed"),
        "How do you know that it did not cost quality?",
    ),
    _story(
        "platform",
        "leadership",
        "Tell me of something that others now use daily because you built it.",
        ("whose pain it was", "what was left out on purpose", "how use was measured"),
        "Who did not want it, and why?",
    ),
    _story(
        "failure",
        "failure",
        "Tell me of a release, or a decision, that was wrong, and yours.",
        ("your own part, plainly", "how it was noticed", "what has changed since"),
        "What did you first believe, and why?",
        "Would it be noticed sooner today?",
    ),
    _story(
        "initiative",
        "initiative",
        "Tell me of something nobody had asked for that you did all the same.",
        ("the sign you saw", "how you got room for it", "what it prevented"),
        "When would you have stopped?",
    ),
    _story(
        "trade-off",
        "leadership",
        "Tell me of a decision between two good things, such as accuracy and speed.",
        ("options side by side", "who was asked", "the number that decided"),
        "What would have turned the decision round?",
    ),
)

SPOKEN: tuple[Question, ...] = (*DESIGNS, *DEEP, *BEHAVIOURAL)


def from_cards(cards: Iterable[Mapping[str, Any]], part: str = "scale") -> list[Question]:
    """Deep questions of the bank as questions of a round.

    Args:
        cards: mappings with `id`, `question` and `points_to_hit`; `topic` and `part` may be there.
            What lacks one of the three is left out.
        part: whose weight a card has that names none.
    """
    made = []
    for card in cards:
        key, text, points = (card.get(k) for k in ("id", "question", "points_to_hit"))
        if not (isinstance(key, str) and isinstance(text, str) and isinstance(points, list)):
            continue
        where = card.get("part")
        made.append(
            Question(
                f"card-{key}",
                where if where in WEIGHTS else part,
                str(card.get("topic", "cards")),
                text,
                tuple(str(point) for point in points),
                criteria=_even(*_DEEP),
            )
        )
    return made
