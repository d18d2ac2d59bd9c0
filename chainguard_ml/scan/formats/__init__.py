"""The formats other than pickle, one file each; ``scan.FORMATS`` says in which order they are asked."""
