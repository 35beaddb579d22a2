"""Adopts functions that were written for CVAT's own `serverless` folder."""
