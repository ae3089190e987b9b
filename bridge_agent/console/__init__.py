"""The agent's pages on http://localhost: the technician's, the learners' kiosk and face enrolment, over a Desk."""
