//! With what each Python is started: its program, its arguments and its environment.

use crate::plan::{Plan, ProcessGroup, PythonHome};
use crate::runtime::handoff::Python;

/// That of embedded mode.
pub(super) fn of_embedded(plan: &Plan) -> Python {
    let embedded = &plan.embedded;
    let eggs = embedded.python_eggs.as_ref().map(|eggs| ("PYTHON_EGG_CACHE", eggs.to_string_lossy().into_owned()));
    python(plan, "", embedded.python_home.as_ref(), ("WSGI0001", "embedded mode"), eggs)
}

/// That of a process group.
pub(super) fn of_group(plan: &Plan, group: &ProcessGroup) -> Python {
    let label = format!("{}: process group {}", group.place, group.name);
    let lang = group.lang.clone().map(|lang| ("LANG", lang));
    let locale = group.locale.clone().map(|locale| ("LC_ALL", locale));
    let eggs = group.python_eggs.as_ref().map(|eggs| ("PYTHON_EGG_CACHE", eggs.to_string_lossy().into_owned()));
    let environment = lang.into_iter().chain(locale).chain(eggs);
    python(plan, &group.name, group.python_home.as_ref(), ("WSGI0028", &label), environment)
}

fn python(
    plan: &Plan,
    group: &str,
    home: Option<&PythonHome>,
    (code, label): (&str, &str),
    environment: impl IntoIterator<Item = (&'static str, String)>,
) -> Python {
    let flags = &plan.python;
    let mut arguments = Vec::new();
    if flags.dont_write_bytecode {
        arguments.push("-B".to_owned());
    }
    match flags.optimize {
        0 => {}
        1 => arguments.push("-O".to_owned()),
        _ => arguments.push("-OO".to_owned()),
    }
    arguments.extend(flags.warnings.iter().flat_map(|filter| ["-W".to_owned(), filter.clone()]));
    let seed = flags.hash_seed.clone().map(|seed| ("PYTHONHASHSEED", seed));
    Python {
        program: home.map(|home| home.path.join("bin/python")),
        origin: home.map_or_else(|| label.to_owned(), |home| home.place.to_string()),
        code: code.to_owned(),
        arguments,
        free_threading: plan.interpreters.free_threading(group),
        environment: environment.into_iter().chain(seed).map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}
