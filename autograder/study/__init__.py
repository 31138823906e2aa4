"""A learner's own course: copies, progress, plan, reference solutions."""
