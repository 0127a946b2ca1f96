"""The parts of Benchmarks/store."""
