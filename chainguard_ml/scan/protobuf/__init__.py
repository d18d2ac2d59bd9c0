"""Protobuf without its library: the wire format, messages by their schema, the text format, operators' names.

The schemas and names are data (``schema_*.json``, ``operators_*.json``) that ``scripts/protobuf.py`` takes from the
frameworks. Formats of this family are in ``chainguard_ml.scan.formats``.
"""
