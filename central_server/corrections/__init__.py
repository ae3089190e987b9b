"""What people say about presence beside the devices: corrections, leave, contests, and the seal of a session's sheet."""
