"""Courses, their sessions with breaks and bridge points, and the enrolment of learners."""
