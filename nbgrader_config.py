"""nbgrader's settings for this course; `autograder` reads the same ones."""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import ClearHiddenTests, GetGrades

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "mlops-interview"
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
