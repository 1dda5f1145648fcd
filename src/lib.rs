//! Checks and serves Apache httpd configurations with mod_wsgi directives, without Apache.
