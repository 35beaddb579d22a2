"""`evaluate`: a function against what people annotated, by the measure of its type."""

from modelyard_tools.experiments.clicking import evaluate_interactor, print_fit
from modelyard_tools.experiments.datasets import Truth
from modelyard_tools.experiments.detecting import evaluate_detector, print_precision
from modelyard_tools.experiments.errors import ExperimentError, UsageError
from modelyard_tools.experiments.following import evaluate_tracker, print_following
from modelyard_tools.experiments.functions import Function


def evaluate(function: Function, truth: Truth, clicks: int) -> float:
    """Score the function, print how it did and return its headline number, 0..1.

    That is COCO's mean average precision of a detector, the mean IoU after the last of `clicks`
    clicks of an interactor, the success of a tracker.

    Raises:
        UsageError: the dataset is empty.
        ExperimentError: the function or the dataset is not one for that.
    """
    if not any(picture.shapes for picture in truth.pictures):
        raise UsageError("the dataset holds no annotation")
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
            raise ExperimentError(f"there is no measure for functions of type {other}")
