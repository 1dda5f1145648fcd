//! Runs WSGI applications inside a deployment's own `python`.
