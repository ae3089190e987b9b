"""The central server: keeps every bridge point's log and shows the class manager who takes part, for how long."""
