"""Attestations: what is claimed about a model beside its signature, made, kept and checked."""
