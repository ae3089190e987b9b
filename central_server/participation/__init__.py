"""Who takes part, for how long: computed from the logs, shown live, written as sheets."""
