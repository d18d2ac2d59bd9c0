"""What ``scripts/corpus.py`` writes: one part for each framework, each a list of samples."""
