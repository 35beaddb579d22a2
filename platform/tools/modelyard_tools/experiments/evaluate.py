"""`evaluate`: score a function against annotations, with the metric for its type."""

from modelyard_tools.experiments.clicking import evaluate_interactor, print_fit
from modelyard_tools.experiments.datasets import Truth
from modelyard_tools.experiments.detecting import evaluate_detector, print_precision
from modelyard_tools.experiments.errors import ExperimentError, UsageError
from modelyard_tools.experiments.following import evaluate_tracker, print_following
from modelyard_tools.experiments.functions import Function


def evaluate(function: Function, truth: Truth, clicks: int) -> float:
    """Score the function, print the scores and return the main one, 0..1.

    That is COCO's mean average precision for a detector, the mean IoU after the last of `clicks`
    clicks for an interactor, and the success for a tracker.

    Raises:
        UsageError: the dataset is empty.
        ExperimentError: the function or the dataset cannot be scored.
    """
    if not any(picture.shapes for picture in truth.pictures):
        raise UsageError("the dataset has no annotations")
    match function.type:
        case "detector":
            precision = evaluate_detector(function, truth)
            print_precision(precision)
            return precision.mean
        case "interactor":
            fit = evaluate_interactor(function, truth, clicks)
            print_fit(fit)
            return fit.ious[-1]
        case "tracker":
            following = evaluate_tracker(function, truth)
            print_following(following)
            return following.success
        case other:
            raise ExperimentError(f"functions of type {other} cannot be evaluated")
