"""The parts of Benchmarks/poll."""
