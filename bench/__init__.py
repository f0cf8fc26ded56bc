"""Benchmarks of the kit against its peers."""
