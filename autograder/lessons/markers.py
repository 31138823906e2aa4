"""The lines between which a lesson keeps what learners do not get: nbgrader's own."""

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"

# the last line of a graded cell, and what it becomes in a formative lesson: nbgrader takes what a
# cell returns for its points, and stops where those are more than the cell's
RETURNED, SHOWN = "scoreboard()", "display(scoreboard())"
