"""What is kept of a grading: notebooks, pages, results, nbgrader's gradebook."""
