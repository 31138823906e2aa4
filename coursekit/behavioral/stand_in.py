from coursekit.expect import is_true_of


def played(world, *claims, seed="0"):
    def holds(answer):
        try:
            run = world(answer, seed)
        except Exception:
            return False
        return all(claim(run)[0] for claim in claims)

    holds.__doc__ = "; ".join((c.__doc__ or "").splitlines()[0] for c in claims)
    return is_true_of(holds)
