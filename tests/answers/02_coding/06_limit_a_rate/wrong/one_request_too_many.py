"""Refuses only when there are more requests than the limit, not as many."""

FAILS = {
    "a_burst_across_a_boundary_is_no_way_round",
    "a_full_window_refuses",
    "a_noisy_tenant_takes_nothing_from_the_others",
    "a_refused_request_costs_nothing_later",
    "a_request_ages_out_at_exactly_the_window",
    "a_user_who_keeps_coming_does_not_shield_the_others",
    "allowed_requests_age_one_by_one",
    "any_sequence_of_calls_answers_like_the_reference",
    "bad_arguments_are_refused",
    "each_user_has_a_limit_of_their_own",
    "every_window_holds_at_most_max_requests",
    "look_alike_ids_stay_apart",
    "nothing_is_kept_of_idle_users",
    "nothing_of_the_time_before_a_reset_remains",
    "only_the_clock_that_was_handed_in_counts",
    "reset_empties_the_window_of_one_user",
    "resetting_an_unknown_user_is_harmless",
    "threads_never_get_more_than_max_requests_through",
    "threads_that_forget_at_the_same_time_do_not_trip",
    "tracked_users_counts_who_has_a_request_in_the_window",
    "without_a_clock_it_takes_time_monotonic",
}

# %% limit
class RateLimiter:
    """At most `max_requests` of each user in any window of `window_seconds`."""

    def __init__(
        self, max_requests: int, window_seconds: Seconds, clock: Callable[[], Seconds] = time.monotonic
    ) -> None:
        """Nobody has sent anything yet. ValueError: a limit below 1, or a window that is not above 0."""
        if max_requests < 1:
            raise ValueError(f"max_requests must be at least 1, not {max_requests}")
        if window_seconds <= 0:
            raise ValueError(f"window_seconds must be above 0, not {window_seconds}")
        self._max, self._window, self._clock = max_requests, window_seconds, clock
        self._users: OrderedDict[UserId, deque[Seconds]] = OrderedDict()  # who was allowed last stands last
        self._lock = threading.Lock()

    def is_allowed(self, user_id: UserId) -> bool:
        """Whether this request may go. If so, it counts."""
        with self._lock:
            now = self._clock()
            self._forget_idle(now)
            times = self._users.setdefault(user_id, deque())
            while times and times[0] + self._window <= now:
                times.popleft()
            if len(times) > self._max:
                return False
            times.append(now)
            self._users.move_to_end(user_id)
            return True

    def reset(self, user_id: UserId) -> None:
        """Forget what this user has sent. Harmless for a user nobody has seen."""
        with self._lock:
            self._users.pop(user_id, None)

    @property
    def tracked_users(self) -> int:
        """How many users have an allowed request in the window."""
        with self._lock:
            self._forget_idle(self._clock())
            return len(self._users)

    def _forget_idle(self, now: Seconds) -> None:
        """Drop users whose last allowed request has aged out: they stand first. Call it with the lock held."""
        while self._users:
            user_id, times = next(iter(self._users.items()))
            if times[-1] + self._window > now:
                break
            del self._users[user_id]
