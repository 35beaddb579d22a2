"""BlazeFace, a very fast detector of faces close to the camera."""
