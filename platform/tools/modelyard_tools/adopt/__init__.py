"""From a folder of CVAT's own `serverless` kind to a function of ours."""
