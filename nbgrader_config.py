"""nbgrader's settings for this course; `autograder` reads the same ones."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "mlops-interview"
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
c.GenerateFeedback.preprocessors = [  # by name: whoever only wants the gradebook need not import them
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
# formgrader's autograde button has `autograder grade` do the work, in the box
c.Autograde.exporter_class = "autograder.formgrader.BoxedExporter"
# how its pages look, and on formgrader's the rubric above each answer that is graded by hand
c.HTMLExporter.preprocessors = ["autograder.formgrader.Rubric"]
