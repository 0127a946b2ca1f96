"""The benchmark of what alarms take from a reading to a receiver."""
