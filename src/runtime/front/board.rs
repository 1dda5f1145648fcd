//! What this process writes into the scoreboard: a slot for each connection, as far as there are slots.
//!
//! A slot is for who needs it: one that is kept alive gives its slot up to any other, and one whose request is not whole to a request.
//! So no client can hide the requests of others. The counts of a slot stay when others sit in it, and when the process is replaced, so that they only grow.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use hyper::http::request::Parts;

use super::environ;
use crate::plan::Host;
use crate::runtime::scoreboard::{Doing, Scoreboard, Worker, microseconds};

/// A place of a seat that has none.
const NOWHERE: usize = usize::MAX;

/// The slots of this process.
pub(super) struct Board {
    scoreboard: Scoreboard,
    process: u32,
    slots: Mutex<Vec<Slot>>,
}

#[derive(Debug, Default)]
struct Slot {
    /// The connection that has it; 0 is none.
    connection: u64,
    worker: Worker,
}

/// A connection, as the board sees it.
pub(super) struct Seat {
    board: Arc<Board>,
    connection: u64,
    client: String,
    port: u16,
    /// The slot that it had last.
    place: AtomicUsize,
}

impl Board {
    /// The board of a process; what an earlier one did in its place is kept.
    ///
    /// # Errors
    /// When the scoreboard cannot be read.
    pub(super) fn new(scoreboard: Scoreboard, process: u32) -> std::io::Result<Arc<Self>> {
        let (_, workers) = scoreboard.read(process)?;
        let mut slots: Vec<Slot> = workers.into_iter().map(|worker| Slot { connection: 0, worker }).collect();
        for (place, slot) in (0..).zip(&mut slots).filter(|(_, slot)| slot.worker.doing() != Doing::Nothing) {
            slot.worker.set_doing(Doing::Nothing);
            scoreboard.put_worker(process, place, &mut slot.worker);
        }
        Ok(Arc::new(Self { scoreboard, process, slots: Mutex::new(slots) }))
    }

    /// A seat for a connection, which waits for its first request.
    pub(super) fn sit(self: &Arc<Self>, connection: u64, client: IpAddr, port: u16) -> Seat {
        let client = client.to_canonical().to_string();
        let seat = Seat { board: Arc::clone(self), connection, client, port, place: AtomicUsize::new(NOWHERE) };
        let mut slots = self.lock();
        if let Some(place) = seat.take(&mut slots, Doing::Reads) {
            let worker = &mut slots[place].worker;
            worker.set_client(&[seat.client.as_bytes()]);
            worker.set_host(&[]);
            worker.set_request(&[]);
            self.change(&mut slots, place, Doing::Reads);
        }
        drop(slots);
        seat
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().expect("no panic while it is held")
    }

    fn change(&self, slots: &mut [Slot], place: usize, doing: Doing) {
        slots[place].worker.set_doing(doing);
        slots[place].worker.last_used = microseconds(SystemTime::now());
        self.write(slots, place);
    }

    fn write(&self, slots: &mut [Slot], place: usize) {
        if let (Some(slot), Ok(place)) = (slots.get_mut(place), u32::try_from(place)) {
            self.scoreboard.put_worker(self.process, place, &mut slot.worker);
        }
    }

    /// Slots before this place stand for what the process can do at once.
    fn threads(&self) -> usize {
        self.scoreboard.layout.size.threads as usize
    }
}

impl Seat {
    /// The slot that this connection has.
    fn own(&self, slots: &[Slot]) -> Option<usize> {
        let place = self.place.load(Ordering::Relaxed);
        slots.get(place).filter(|slot| slot.connection == self.connection).map(|_| place)
    }

    /// The same, or a free one, or that of a connection which does something less than this one.
    fn take(&self, slots: &mut [Slot], to: Doing) -> Option<usize> {
        if let Some(place) = self.own(slots) {
            return Some(place);
        }
        let (first, beyond) = slots.split_at(self.board.threads().min(slots.len()));
        let free = |slot: &Slot| slot.connection == 0;
        let idle = |slot: &Slot| slot.worker.doing() == Doing::KeepsAlive;
        let reads = |slot: &Slot| slot.worker.doing() == Doing::Reads;
        let place = first.iter().position(free).or_else(|| first.iter().position(idle));
        let place = place.or_else(|| beyond.iter().position(free).map(|place| first.len() + place));
        let place = match to {
            Doing::Works => place.or_else(|| slots.iter().position(reads)),
            _ => place,
        }?;
        slots[place].connection = self.connection;
        self.place.store(place, Ordering::Relaxed);
        Some(place)
    }

    /// A request is being answered.
    pub(super) fn works(&self, parts: &Parts, began: SystemTime, host: &Host, local: IpAddr) {
        let mut slots = self.board.lock();
        let Some(place) = self.take(&mut slots, Doing::Works) else { return };
        let worker = &mut slots[place].worker;
        let local = if host.server_name.is_none() { local.to_canonical().to_string() } else { String::new() };
        let name = host.server_name.as_ref().unwrap_or(&local);
        let target = environ::raw_target(parts).as_bytes();
        worker.set_client(&[self.client.as_bytes()]);
        worker.set_host(&[name.as_bytes(), b":", self.port.to_string().as_bytes()]);
        worker.set_request(&[
            parts.method.as_str().as_bytes(),
            b" ",
            target,
            b" ",
            environ::protocol(parts).as_bytes(),
        ]);
        worker.set_doing(Doing::Works);
        worker.start = microseconds(began);
        worker.last_used = worker.start;
        self.board.write(&mut slots, place);
    }

    /// A request has been answered.
    pub(super) fn served(&self, bytes: u64) {
        let mut slots = self.board.lock();
        let own = self.own(&slots);
        // Where all slots were taken the last one counts it.
        let place = own.unwrap_or(slots.len().saturating_sub(1));
        let Some(slot) = slots.get_mut(place) else { return };
        slot.worker.access_count += 1;
        slot.worker.bytes_served += bytes;
        if own.is_some() {
            slot.worker.stop = microseconds(SystemTime::now());
        }
        // Otherwise what the connection does next is news, and written down with it.
        if own.is_none() || slot.worker.doing() != Doing::Works {
            self.board.write(&mut slots, place);
        }
    }

    /// What the connection does between two requests.
    pub(super) fn waits(&self, for_what: Doing) {
        let mut slots = self.board.lock();
        let Some(place) = self.own(&slots) else { return };
        if slots[place].worker.doing() == for_what {
            return;
        }
        if place < self.board.threads() || for_what == Doing::Reads {
            self.board.change(&mut slots, place, for_what);
        } else {
            slots[place].connection = 0;
            self.board.change(&mut slots, place, Doing::Nothing);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut slots = self.board.lock();
        if let Some(place) = self.own(&slots) {
            slots[place].connection = 0;
            self.board.change(&mut slots, place, Doing::Nothing);
        }
    }
}
