"""Does not begin with its own story, and leaves index and table for later."""

FAILS = {
    "each_category_has_two_stories_of_mine",
    "each_number_of_mine_has_a_name_and_a_unit",
    "each_number_of_mine_moved",
    "each_text_of_mine_says_something",
    "every_question_is_in_my_index",
    "every_requirement_has_a_story_or_a_plan",
    "every_requirement_is_in_my_table",
    "i_rejected_another_option",
    "my_action_keeps_its_time",
    "my_choice_has_a_reason",
    "my_lesson_keeps_its_time",
    "my_opening_keeps_its_time",
    "my_result_keeps_its_time",
    "no_text_of_mine_repeats_another",
    "somebody_else_is_in_my_story",
    "stories_of_my_table_stand_in_my_index",
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
    raise NotImplementedError

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
    raise NotImplementedError


def my_cv():
    raise NotImplementedError
