"""Enrolment: a roster file becomes learners of a course, after a preview; transfers; guests of one session."""
