"""nbgrader's settings for this course; `autograder` reads the same ones."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "mlops-interview"
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
c.GenerateFeedback.preprocessors = [  # by name: whoever only wants the gradebook need not import them
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
