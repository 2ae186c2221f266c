"""The closed table of analyses, in the order in which a study makes them."""

from automl.study.analyses.analysis import Analysis
from automl.study.analyses.bias_variance import BiasVarianceAnalysis
from automl.study.analyses.columns import ColumnsAnalysis
from automl.study.analyses.learning_curve import LearningCurveAnalysis

ANALYSES: tuple[Analysis, ...] = (BiasVarianceAnalysis(), LearningCurveAnalysis(), ColumnsAnalysis())
