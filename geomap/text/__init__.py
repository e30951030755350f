"""Raw text -> Document: sentences and tokens with offsets that never drift, the dateline.

The language.
"""
