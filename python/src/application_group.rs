//! Application groups: which interpreter a request runs in, and what is prepared there for its target.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::exchange::Target;

use crate::gateway::environ::Template;
use crate::gateway::errors::log_raised_plain;
use crate::gil::Guarded;
use crate::interpreter::{Interpreter, SubInterpreter, let_go, lock, own_gil_is_possible};
use crate::log;
use crate::module::{Holder, settings};
use crate::object::{Attached, Result};
use crate::script::Script;

/// A target, and what it comes to in this process.
pub(crate) struct Binding {
    /// The target.
    pub(crate) target: Arc<Target>,
    /// Where it runs.
    pub(crate) interpreter: &'static Interpreter,
    /// What it runs.
    pub(crate) script: Arc<Script>,
    /// What its requests have in common, made with the first.
    pub(crate) template: Guarded<Option<Arc<Template>>>,
}

/// A thread remembers this many bindings.
const MOST_REMEMBERED: usize = 64;

static BINDINGS: Mutex<Option<HashMap<Arc<Target>, Arc<Binding>>>> = Mutex::new(None);

thread_local! {
    /// By the target's address, as a target comes with many requests; an equal one of another front has another.
    static REMEMBERED: RefCell<Vec<(Arc<Target>, Arc<Binding>)>> = const { RefCell::new(Vec::new()) };
}

/// The binding of a target; its interpreter is made if need be. The thread is detached, or lingers. `None` when there is no
/// interpreter to be had; the error log says why.
pub(crate) fn bind(target: &Arc<Target>) -> Option<Arc<Binding>> {
    let known = REMEMBERED.with_borrow(|remembered| {
        remembered.iter().find(|(known, _)| Arc::ptr_eq(known, target)).map(|(_, binding)| Arc::clone(binding))
    });
    if known.is_some() {
        return known;
    }
    let binding = bind_anew(target)?;
    REMEMBERED.with_borrow_mut(|remembered| {
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.push((Arc::clone(target), Arc::clone(&binding)));
    });
    Some(binding)
}

fn bind_anew(target: &Arc<Target>) -> Option<Arc<Binding>> {
    let_go();
    if let Some(known) = lock(&BINDINGS).get_or_insert_default().get(target) {
        return Some(Arc::clone(known));
    }
    let interpreter = application_group(&target.application_group)?;
    let binding = Arc::new(Binding {
        target: Arc::clone(target),
        interpreter,
        script: interpreter.script(&target.script),
        template: Guarded::new(None),
    });
    let mut bindings = lock(&BINDINGS);
    Some(Arc::clone(bindings.get_or_insert_default().entry(Arc::clone(target)).or_insert(binding)))
}

/// Lets go of what the bindings hold in an interpreter.
pub(crate) fn forget_bindings(attached: Attached<'_>, interpreter: &'static Interpreter) {
    let mut forgotten = Vec::new();
    if let Some(bindings) = lock(&BINDINGS).as_mut() {
        bindings.retain(|_, binding| {
            let stays = !std::ptr::eq(binding.interpreter, interpreter);
            if !stays {
                forgotten.push(Arc::clone(binding));
            }
            stays
        });
    }
    for binding in forgotten {
        let template = binding.template.with(attached, Option::take);
        drop(template);
    }
}

/// Makes the main interpreter, to which the calling thread is attached, fit for applications.
pub(crate) fn adopt_main(attached: Attached<'_>) -> Result<&'static Interpreter> {
    let main = Interpreter::current(attached);
    main.furnish(attached, Holder::new(attached, "")?);
    main.adopt_main(attached);
    Ok(main)
}

type Slot = Arc<Mutex<Option<&'static Interpreter>>>;

static GROUPS: Mutex<Option<HashMap<String, Slot>>> = Mutex::new(None);
static KEEPER: Mutex<Option<Keeper>> = Mutex::new(None);

/// The interpreter of an application group. Only those who want the same group wait while it is made.
pub(crate) fn application_group(name: &str) -> Option<&'static Interpreter> {
    if name.is_empty() {
        return Some(Interpreter::main());
    }
    let slot = Arc::clone(lock(&GROUPS).get_or_insert_default().entry(name.to_owned()).or_default());
    let mut slot = lock(&slot);
    if slot.is_none() {
        *slot = ask_keeper(name);
    }
    *slot
}

/// The thread that makes the sub-interpreters and ends them.
struct Keeper {
    orders: Sender<Order>,
    thread: JoinHandle<bool>,
}

struct Order {
    name: String,
    answer: SyncSender<Option<&'static Interpreter>>,
}

fn ask_keeper(name: &str) -> Option<&'static Interpreter> {
    let (answer, made) = sync_channel(1);
    let order = Order { name: name.to_owned(), answer };
    {
        let mut keeper = lock(&KEEPER);
        if keeper.is_none() {
            match Keeper::start() {
                Ok(started) => *keeper = Some(started),
                Err(error) => log::write(LogLevel::Crit, None, format!("no thread for sub-interpreters: {error}")),
            }
        }
        keeper.as_ref()?.orders.send(order).ok()?;
    }
    made.recv().ok().flatten()
}

impl Keeper {
    fn start() -> io::Result<Self> {
        let (orders, received) = channel();
        let thread = std::thread::Builder::new()
            .name("interpreters".to_owned())
            .stack_size(crate::STACK_SIZE)
            .spawn(move || keep(&received))?;
        Ok(Self { orders, thread })
    }
}

fn keep(orders: &Receiver<Order>) -> bool {
    let mut made = Vec::new();
    while let Ok(Order { name, answer }) = orders.recv() {
        let interpreter = make(&name);
        let _ = answer.send(interpreter.as_ref().map(|made| made.interpreter));
        made.extend(interpreter);
    }
    // The youngest first. All of them, also when one cannot be ended.
    made.into_iter().rev().map(SubInterpreter::end).fold(true, |all, ended| all & ended)
}

fn make(name: &str) -> Option<SubInterpreter> {
    let settings = settings();
    let own_gil = own_gil_is_possible() && settings.interpreters.own_gil(&settings.process_group, name);
    let made = SubInterpreter::new(own_gil, |attached, interpreter| {
        let holder = Holder::new(attached, name).inspect_err(|_| log_raised_plain(attached))?;
        interpreter.furnish(attached, holder);
        Ok::<_, crate::object::Raised>(())
    });
    let made = made.and_then(Result::ok);
    if made.is_none() {
        let text = format!("WSGI0035: cannot make an interpreter for application group '{name}'");
        log::write(LogLevel::Crit, None, text);
    }
    made
}

/// Ends all sub-interpreters. `false` when a thread may still be in one: Python must not be ended then.
pub(crate) fn end_all() -> bool {
    let Some(keeper) = lock(&KEEPER).take() else { return true };
    drop(keeper.orders);
    keeper.thread.join().unwrap_or(false)
}
