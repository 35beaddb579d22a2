// The input and output of each type of function.

import { Detector } from "./detector.js";
import { Interactor } from "./interactor.js";
import { Reid } from "./reid.js";
import { Tracker } from "./tracker.js";

export const kinds = { detector: Detector, interactor: Interactor, tracker: Tracker, reid: Reid };
