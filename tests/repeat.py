"""The same answers again and again, in random order: no verdict may ever change.

`python -m tests.repeat [TIMES] [LESSON …]` grades the solution and one wrong answer of each lesson
TIMES times, each in random worlds of its own, and prints every verdict that was not always the
same.
"""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor

from autograder.grade.judge import Judge
from autograder.runner.pool import Local
from tests.bank import COURSE, answers, cells_as_text, grade_text, lost, read


def main() -> int:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    runner, order = Local(), random.Random()
    jobs = []
    for key in sys.argv[2:] or COURSE.lessons:
        lesson = read(key)
        wrong = next(a for a in answers(key) if not a.is_right)
        salts = [Judge(runner) for _ in range(5)]
        for judge in salts:
            judge.prepare(lesson)
        for n in range(times):
            jobs.append(
                (lesson, salts[n % len(salts)], cells_as_text(lesson, stub=False), frozenset[str]())
            )
            jobs.append((lesson, salts[n % len(salts)], wrong.text, frozenset(wrong.fails)))
    order.shuffle(jobs)
    with ThreadPoolExecutor(2) as threads:
        results = threads.map(lambda job: lost(grade_text(job[1], job[0], job[2])), jobs)
        changed = [
            (job[0].key, sorted(job[3] ^ seen))
            for job, seen in zip(jobs, results, strict=True)
            if job[3] != seen
        ]
    runner.close()
    for key, names in changed:
        print(f"{key}: changed verdict: {', '.join(names)}")
    print(f"{len(jobs) - len(changed)} passed, {len(changed)} failed")
    return int(bool(changed))


if __name__ == "__main__":
    sys.exit(main())
