"""Benchmarks of ztoe-hub: speed and memory as ratios against peers and limits of the same interleaved run."""
