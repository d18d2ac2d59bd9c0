"""Second opinions: other scanners, asked in a worker process, their findings labelled with their name."""
