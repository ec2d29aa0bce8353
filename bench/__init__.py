"""Benchmarks: figures measured on the machine at hand, never asserted in tests."""
