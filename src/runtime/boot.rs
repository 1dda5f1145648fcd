//! What a deployment's `python` is told to do: load our library from a descriptor and hand over.

use std::path::Path;

/// The text for `python -c`. `library` is the descriptor of `libwsgi_python.so`, which the process inherits; the socket to
/// the parent is its standard input. The exit status is the library's. `copy` is a copy of the library, to be loaded in its place
/// and removed.
#[must_use]
pub fn boot(library: i32, copy: Option<&Path>) -> String {
    let (path, remove) = match copy {
        Some(copy) => (copy.display().to_string(), "\x20   import posix; posix.unlink(path)\n"),
        None => (format!("/proc/self/fd/{library}"), ""),
    };
    // `sys.path[0]` is the working directory with `-c`: it goes before anything is imported from there.
    format!(
        "import sys\n\
         if sys.path[:1] == ['']: del sys.path[0]\n\
         def boot(name='wsgi_python', path='{path}'):\n\
         \x20   from importlib.machinery import ExtensionFileLoader, ModuleSpec\n\
         \x20   loader = ExtensionFileLoader(name, path)\n\
         \x20   module = loader.create_module(ModuleSpec(name, loader, origin=path))\n\
         \x20   loader.exec_module(module)\n\
         {remove}\
         \x20   return module.main({library})\n\
         sys.exit(boot())\n"
    )
}
