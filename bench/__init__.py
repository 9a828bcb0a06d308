"""Benchmarks: whole processes, measured by the operating system, side by side in one run."""
