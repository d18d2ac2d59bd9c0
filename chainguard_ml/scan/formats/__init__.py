"""The formats other than pickle, one file each; ``scan.registry`` says in which order they are asked."""
