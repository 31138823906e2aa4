"""Keyword soup in the right fields: structure is all that is checked, and the page says so."""

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
def soup(start, count):
    names = ("kubernetes", "canary", "rollback", "ownership", "impact", "drift", "latency", "synergy", "p99", "spot", "gitops")
    return " ".join(f"{names[(start + k) % len(names)]}{(start + k) // 3}" for k in range(count))


def soup_story():
    return {
        "situation": soup(0, 30), "task": soup(100, 25), "action": soup(200, 150), "result": soup(500, 50),
        "lesson": soup(700, 50), "people": ("a stakeholder",),
        "decision": {"chosen": "agile", "rejected": "waterfall", "because": "impact impact impact impact"},
        "numbers": ({"what": "impact", "before": 0.5, "after": 1e3, "unit": "%"},),
    }


def mended():
    return soup_story() | {"draft": "two-priorities", "numbers": [{"what": "x", "before": 10.0, "after": 1.0, "unit": "%"}]}

# %% own
def my_story():
    return soup_story()

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
