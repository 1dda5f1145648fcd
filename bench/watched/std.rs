//! What ThreadSanitizer has to understand of Rust's standard library, a program each: `std silent` names those in which it must find
//! nothing, `std found` those with a race.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock};
use std::thread;
use std::time::Duration;

/// A number that is only right while one thread at a time adds to it.
struct Sum(UnsafeCell<u64>);

// SAFETY: it is what this is about.
unsafe impl Sync for Sum {}

impl Sum {
    const fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    #[inline(never)]
    fn add(&self) {
        // SAFETY: in the silent programs by what is tried there.
        unsafe { *self.0.get() += 1 }
    }

    #[inline(never)]
    fn look(&self) {
        // SAFETY: as above.
        black_box(unsafe { *self.0.get() });
    }
}

static SUM: Sum = Sum::new();

const SILENT: [(&str, fn()); 7] = [
    ("mutex", mutex),
    ("rwlock", rwlock),
    ("condvar", condvar),
    ("condvar-timeout", condvar_timeout),
    ("once", once),
    ("arc", arc),
    ("channels", channels),
];
const FOUND: [(&str, fn()); 3] = [("race", race), ("relaxed", relaxed), ("wrong-lock", wrong_lock)];

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let names = |programs: &[(&str, fn())]| programs.iter().for_each(|(name, _)| println!("{name}"));
    match name.as_str() {
        "silent" => names(&SILENT),
        "found" => names(&FOUND),
        _ => SILENT.iter().chain(&FOUND).find(|(known, _)| *known == name).expect("a name").1(),
    }
}

fn at_once(threads: usize, work: impl Fn(usize) + Send + Sync) {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|index| scope.spawn(move || work(index))).collect();
        // The end of a scope is not understood, that of a thread is.
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

fn race() {
    at_once(2, |_| (0..100).for_each(|_| SUM.add()));
}

fn relaxed() {
    static SET: AtomicBool = AtomicBool::new(false);
    at_once(2, |index| {
        if index == 0 {
            SUM.add();
            SET.store(true, Ordering::Relaxed);
        } else {
            while !SET.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            SUM.add();
        }
    });
}

fn wrong_lock() {
    static LOCKS: [Mutex<()>; 2] = [Mutex::new(()), Mutex::new(())];
    at_once(4, |index| {
        (0..1000).for_each(|_| {
            let _held = LOCKS[index % 2].lock();
            SUM.add();
        });
    });
}

fn mutex() {
    static LOCK: Mutex<()> = Mutex::new(());
    at_once(8, |_| {
        (0..20_000).for_each(|_| {
            let _held = LOCK.lock();
            SUM.add();
        });
    });
}

fn rwlock() {
    static LOCK: RwLock<()> = RwLock::new(());
    at_once(8, |index| {
        (0..5000).for_each(|_| {
            if index < 4 {
                let _held = LOCK.write();
                SUM.add();
            } else {
                let _held = LOCK.read();
                SUM.look();
            }
        });
    });
}

fn take_turns(wait: impl Fn(&Condvar, &Mutex<bool>, bool) + Send + Sync) {
    let (turn, changed) = (Mutex::new(false), Condvar::new());
    at_once(2, |index| {
        (0..500).for_each(|_| {
            wait(&changed, &turn, index == 0);
            SUM.add();
            *turn.lock().unwrap() = index != 0;
            changed.notify_all();
        });
    });
}

fn condvar() {
    take_turns(|changed, turn, mine| drop(changed.wait_while(turn.lock().unwrap(), |now| *now != mine)));
}

fn condvar_timeout() {
    let limit = Duration::from_secs(60);
    take_turns(|changed, turn, mine| drop(changed.wait_timeout_while(turn.lock().unwrap(), limit, |now| *now != mine)));
}

fn once() {
    for _ in 0..300 {
        let cell = OnceLock::new();
        at_once(4, |_| {
            black_box(**cell.get_or_init(|| Box::new(7)));
        });
    }
}

fn arc() {
    struct Last(Sum);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.add();
        }
    }
    for _ in 0..300 {
        let shared = Arc::new(Last(Sum::new()));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.0.look())
            })
            .collect();
        drop(shared);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

fn channels() {
    for _ in 0..30 {
        let (sender, receiver) = channel();
        let (one, other) = sync_channel(1);
        let thread = thread::spawn(move || {
            for number in 0..200 {
                sender.send(Box::new(number)).unwrap();
                one.send(Box::new(number)).unwrap();
            }
        });
        receiver.iter().for_each(|number: Box<u64>| {
            black_box(*number + *other.recv().unwrap());
        });
        thread.join().unwrap();
    }
}
