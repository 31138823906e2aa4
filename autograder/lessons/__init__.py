"""The trusted text: the course folder, a lesson's cells and checks, and what of them may leave this
process.
"""
