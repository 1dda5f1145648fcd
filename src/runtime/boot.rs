//! What a deployment's `python` is told to do: load our library from a descriptor and hand over.

use std::path::Path;

/// With what a `python` is booted.
#[derive(Debug, Clone, Copy)]
pub struct Boot<'a> {
    /// The descriptor of `libwsgi_python.so`, which the process inherits.
    pub library: i32,
    /// A copy of the library, to be loaded in its place and removed.
    pub copy: Option<&'a Path>,
    /// Who asked for this `python`, for messages: a directive's file and line.
    pub origin: &'a str,
    /// `WSGIFreeThreading`. A free-threaded Python is told either way, so that it does not change its mind when an extension module
    /// is imported that wants a GIL; it starts anew for that. Any other has its GIL.
    pub free_threading: bool,
}

impl Boot<'_> {
    /// The text for `python -c`. The socket to the parent is its standard input. The exit status is the library's, or 1 where
    /// that cannot be loaded, which the parent is told as [`super::handoff::Report::Failed`].
    #[must_use]
    pub fn text(&self) -> String {
        let library = self.library;
        let (path, remove) = match self.copy {
            Some(copy) => (copy.display().to_string(), "\x20   import posix; posix.unlink(path)\n"),
            None => (format!("/proc/self/fd/{library}"), ""),
        };
        // A string of JSON is one of Python.
        let origin = serde_json::Value::from(self.origin);
        let gil = u8::from(!self.free_threading);
        // `sys.path[0]` is the working directory with `-c`: it goes before anything is imported from there.
        format!(
            "import sys\n\
             if sys.path[:1] == ['']: del sys.path[0]\n\
             def boot(name='wsgi_python', path='{path}', origin={origin}, gil='{gil}'):\n\
             \x20   if 't' in sys.abiflags and sys._xoptions.get('gil') != gil:\n\
             \x20       import posix\n\
             \x20       posix.execv(sys.executable, sys.orig_argv[:1] + ['-X', 'gil=' + gil] + sys.orig_argv[1:])\n\
             \x20   from importlib.machinery import ExtensionFileLoader, ModuleSpec\n\
             \x20   try:\n\
             \x20       loader = ExtensionFileLoader(name, path)\n\
             \x20       module = loader.create_module(ModuleSpec(name, loader, origin=path))\n\
             \x20       loader.exec_module(module)\n\
             \x20   except ImportError as error:\n\
             \x20       import json, posix\n\
             \x20       text = '%s: %s cannot load the library of wsgi-serve: %s' % (origin, sys.executable, error)\n\
             \x20       text = json.dumps({{'Failed': {{'message': text}}}}).encode()\n\
             \x20       posix.write(0, len(text).to_bytes(4, 'little') + bytes(4) + text)\n\
             \x20       return 1\n\
             {remove}\
             \x20   return module.main({library})\n\
             sys.exit(boot())\n"
        )
    }
}
