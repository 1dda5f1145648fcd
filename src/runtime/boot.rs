//! What a deployment's `python` is told to do: load our library from a descriptor and hand over.

/// The text for `python -c`. `library` is the descriptor of `libwsgi_python.so`, which the process inherits; the socket to
/// the parent is its standard input. The exit status is the library's.
#[must_use]
pub fn boot(library: i32) -> String {
    // `sys.path[0]` is the working directory with `-c`: it goes before anything is imported from there.
    format!(
        "import sys\n\
         if sys.path[:1] == ['']: del sys.path[0]\n\
         def boot(name='wsgi_python', path='/proc/self/fd/{library}'):\n\
         \x20   from importlib.machinery import ExtensionFileLoader, ModuleSpec\n\
         \x20   loader = ExtensionFileLoader(name, path)\n\
         \x20   module = loader.create_module(ModuleSpec(name, loader, origin=path))\n\
         \x20   loader.exec_module(module)\n\
         \x20   return module.main({library})\n\
         sys.exit(boot())\n"
    )
}
