"""The geoparser and the reader scored on annotated documents.

`evaluate` scores toponyms on a corpus; `score_readings` scores the events and movements of whole
articles.
"""

from geomap.evaluate.articles import Article, Reading, read_articles, read_readings, reading_of
from geomap.evaluate.calibration import Bin, expected_error, reliability, reliability_table
from geomap.evaluate.places import NEAR_KM
from geomap.evaluate.readings import Readings, score_readings
from geomap.evaluate.report import Fault, faults, faults_table, readings_table
from geomap.evaluate.toponyms import (
    Counts,
    Evaluation,
    calibration_table,
    commonest,
    evaluate,
    is_right,
    is_scored,
    overlapping,
    read_corpus,
    table,
)

__all__ = [
    "NEAR_KM",
    "Article",
    "Bin",
    "Counts",
    "Evaluation",
    "Fault",
    "Reading",
    "Readings",
    "calibration_table",
    "commonest",
    "evaluate",
    "expected_error",
    "faults",
    "faults_table",
    "is_right",
    "is_scored",
    "overlapping",
    "read_articles",
    "read_corpus",
    "read_readings",
    "reading_of",
    "readings_table",
    "reliability",
    "reliability_table",
    "score_readings",
    "table",
]
