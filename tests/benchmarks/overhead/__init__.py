"""What a request through HTTP and a worker costs over calling the model in this process."""
