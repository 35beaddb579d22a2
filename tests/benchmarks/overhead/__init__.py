"""The overhead of HTTP and a worker over calling the model in-process."""
