"""Gives a number that is the same before and after."""

FAILS = {
    "each_number_of_mine_moved",
}

# %% timing
def seconds(text, words_per_minute=140.0):
    if words_per_minute <= 0:
        raise ValueError("pace")
    return len(text.split()) * 60 / words_per_minute


def timing(story, words_per_minute=140.0):
    out = {}
    for part in ("opening", "action", "result", "lesson"):
        text = " ".join(story.get(name, "") for name in PARTS[part])
        took = seconds(text, words_per_minute)
        if took < LIMITS[part][0]:
            out[part] = "short"
        elif took <= LIMITS[part][1]:
            out[part] = "fits"
        else:
            out[part] = "long"
    return out

# %% mended
def mended():
    return {
        "draft": "gpu-bill",
        "situation": (
            "Our GPU instances ran day and night, also when nobody asked for anything. Finance "
            "showed me a bill of forty-five thousand dollars a month, and a line that climbed "
            "with every new tenant we signed."
        ),
        "task": (
            "I was asked to halve it within a quarter, and to keep the latency that customers had "
            "in their contracts."
        ),
        "action": (
            "I did not begin with prices. For two weeks I only wrote down how busy each card was, "
            "and found that on average two thirds of what we paid for was waiting. There were two "
            "roads. We could commit to a year of the same machines for a discount, or first make "
            "the fleet follow the traffic and commit later to what remained. I took the second "
            "road, because a discount on idle machines is still money for nothing, and I told "
            "finance that it would show one month later. Then came one step at a time: replicas "
            "that follow the queue, spot machines for what may be repeated, half precision after "
            "the data scientists had compared the answers on their own list. After each step we "
            "waited a week and looked at p99 before the next one, and one step we took back."
        ),
        "result": (
            "After two months the bill stood at eighteen thousand dollars a month, and p99 was "
            "better than before, at four hundred and twenty milliseconds. Finance got a page that "
            "shows cost by tenant, and has asked me for nothing since."
        ),
        "lesson": (
            "I would write down how busy machines are before anybody asks about their price. And "
            "I would take one step at a time again, because the step that we took back would have "
            "hidden behind the five that were good."
        ),
        "decision": {"chosen": "let the fleet follow the traffic", "rejected": "buy a discount for a year", "because": "a discount on idle machines is wasted"},
        "numbers": [
            {"what": "GPU cost", "before": 45, "after": 18, "unit": "thousand dollars a month"},
            {"what": "p99 latency", "before": 500, "after": 420, "unit": "ms"},
        ],
        "people": ["finance", "data scientists"],
    }

# %% own
def my_story():
    return {
        "situation": (
            "In spring the ticket router of my team sent one message in eight to the wrong queue "
            "after each release. Agents moved them by hand, and the longest of them waited until "
            "the next morning for an answer."
        ),
        "task": (
            "Releases were mine. I promised the head of support that a bad one would be gone "
            "within ten minutes, by night as well as by day."
        ),
        "action": (
            "I sat with two agents for a day and counted what they moved and why. Most wrong "
            "tickets came in the first hour after a release, when nobody looked. There were two "
            "ways to go. We could have a person approve each release by hand, or let a small "
            "share of the traffic decide by its own numbers. Approval was quicker to set up and "
            "everybody knew it. I chose the small share, since a person who approves at five in "
            "the afternoon sees no more than the pipeline does, and it would have tied us to "
            "office hours. I wrote the rule with the data scientist who owned the router: five "
            "percent of the tickets, thirty minutes, back at once if agents move more than "
            "before. The first week it went back twice for nothing. I had forgotten that small "
            "tenants are noisy, so I pooled them, and said so in the notes."
        ),
        "result": (
            "Wrong tickets after a release fell from twelve in a hundred to three, and a bad "
            "release was gone after eight minutes without anybody being called. Agents got about "
            "an hour a day back, which they measured themselves."
        ),
        "lesson": (
            "Since then I ask who moves things by hand before I ask for a metric. They had known "
            "the answer for months. And I write down next to each threshold where it comes from, "
            "because mine was wrong in its first week."
        ),
        "decision": {"chosen": "let five percent of the traffic decide", "rejected": "a person approves each release", "because": "a person sees no more than the pipeline at five"},
        "numbers": [
            {"what": "tickets in the wrong queue after a release", "before": 12, "after": 3, "unit": "%"},
            {"what": "uptime", "before": 99.9, "after": 99.9, "unit": "%"},
        ],
        "people": ["two support agents", "the data scientist who owned the router"],
    }

# %% index
def gaps(index, needed=2):
    for question in index:
        if question not in QUESTIONS:
            raise ValueError(question)
    out = {}
    for category in CATEGORIES:
        told = set()
        for question, titles in index.items():
            if QUESTIONS[question] == category:
                told.update(title.strip() for title in titles if title.strip())
        if len(told) < needed:
            out[category] = needed - len(told)
    return out


def my_index():
    return {
        "slow-after-deploy": ["The index that was missing"],
        "crashing-pods": ["Sixteen gigabytes are not sixteen"],
        "notebook-to-service": ["From two seconds to fifty"],
        "two-priorities": [],
        "with-data-scientists": ["A list on the wall"],
        "handed-over": ["From two seconds to fifty"],
        "gpu-bill": ["Cards that slept"],
        "training-bill": ["A night job on spot"],
        "platform-from-nothing": ["One template for all"],
        "trade-off": ["Cards that slept"],
        "everything-urgent": [],
        "worse-online": ["Offline was a dream", "The wrong Monday"],
        "slow-decline": ["One percent a month", "A list on the wall"],
    }


def my_cv():
    return [
        {"requirement": "years", "story": "One template for all", "gap": ""},
        {"requirement": "models-at-scale", "story": "Cards that slept", "gap": ""},
        {"requirement": "ml-infrastructure", "story": "One template for all", "gap": ""},
        {"requirement": "delivery", "story": "The index that was missing", "gap": ""},
        {"requirement": "cloud", "story": "", "gap": "I know another cloud and name the twins"},
        {"requirement": "cost", "story": "A night job on spot", "gap": ""},
        {"requirement": "teams", "story": "A list on the wall", "gap": "one more would be good"},
        {"requirement": "fine-tuning", "story": "", "gap": "A small project of this spring, shown as such"},
    ]
