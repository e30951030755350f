"""Many documents into one picture that counts nobody twice."""

from geomap.case.case import Added, Case

__all__ = ["Added", "Case"]
