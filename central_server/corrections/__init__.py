"""What people say about presence: corrections, leave, contests, and the seal of a session's sheet."""
