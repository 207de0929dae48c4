"""Speed, measured: `python -m benchmarks` prints one table. Nothing here is part of the tests."""
