"""Where BUILD files pin weights, and how a digest is recorded there."""
