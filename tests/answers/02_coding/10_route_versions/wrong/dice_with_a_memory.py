"""Draws at random once and remembers each user; another server remembers something else."""

FAILS = {
    "a_user_gets_the_same_version_every_time",
    "a_user_gets_the_same_version_in_every_process",
    "only_the_sick_versions_users_move",
    "whichever_is_sick_only_its_own_users_move",
    "health_may_flap",
    "a_rising_weight_draws_users_only_to_it",
    "a_falling_weight_sends_away_only_its_own_users",
    "new_weights_make_new_shares",
    "a_new_version_draws_users_only_to_it",
    "the_order_of_adding_does_not_matter",
    "one_tenants_router_knows_nothing_of_anothers",
    "requests_without_the_flag_do_not_notice",
}

# %% router
import random


class NoHealthyVersionError(Exception):
    pass


class ModelRouter:
    def __init__(self):
        self.weights = {}
        self.healthy = {}
        self.pins = {}
        self.seen = {}

    def add_version(self, version_id, weight, health=True):
        if version_id in self.weights:
            raise ValueError(f"{version_id} exists")
        if weight < 0:
            raise ValueError("a weight must not be negative")
        self.weights[version_id] = weight
        self.healthy[version_id] = health

    def known(self, version_id):
        if version_id not in self.weights:
            raise ValueError(f"unknown version {version_id}")

    def set_health(self, version_id, is_healthy):
        self.known(version_id)
        self.healthy[version_id] = is_healthy

    def set_weight(self, version_id, weight):
        self.known(version_id)
        if weight < 0:
            raise ValueError("a weight must not be negative")
        self.weights[version_id] = weight

    def set_flag(self, flag, version_id):
        self.known(version_id)
        self.pins[flag] = version_id


    def pinned(self, flags):
        for flag in flags:
            version = self.pins.get(flag)
            if version is not None and self.healthy[version]:
                return version
        return None

    def candidates(self):
        return [v for v in self.weights if self.healthy[v] and self.weights[v] > 0]

    def route(self, user_id, flags=()):
        pinned = self.pinned(flags)
        if pinned is not None:
            return pinned
        candidates = self.candidates()
        if not candidates:
            raise NoHealthyVersionError(user_id)
        return self.pick(user_id, candidates)

    def pick(self, user_id, candidates):
        if self.seen.get(user_id) not in candidates:
            self.seen[user_id] = random.choices(candidates, [self.weights[v] for v in candidates])[0]
        return self.seen[user_id]
