"""Sentences + places + times + quantities -> Movements.

Who left where for where, how many, since when, who says so.
"""

from geomap.movements.find import find_movements

__all__ = ["find_movements"]
