//! What would keep other requests waiting is done aside, on threads of its own: so much at a time, so much in a queue, no more.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// So many wait for each that is being worked on.
const WAITING: usize = 32;

/// One kind of work.
#[derive(Debug)]
pub(super) struct Aside {
    /// To be worked on.
    workers: Arc<Semaphore>,
    /// To be worked on or to wait.
    room: Arc<Semaphore>,
    tasks: TaskTracker,
}

/// Too much is waiting already, or the process is at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crowded;

impl Aside {
    /// For work of which `workers` pieces are done at a time.
    pub(super) fn new(workers: usize, tasks: TaskTracker) -> Self {
        let room = workers * (1 + WAITING);
        Self { workers: Arc::new(Semaphore::new(workers)), room: Arc::new(Semaphore::new(room)), tasks }
    }

    /// Does a piece of work. It keeps its place until it is done, also when nobody waits for it any more.
    ///
    /// # Errors
    /// Where there is no room in the queue.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Crowded> {
        let room = Arc::clone(&self.room).try_acquire_owned().map_err(|_| Crowded)?;
        let worker = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| Crowded)?;
        let working = self.tasks.spawn_blocking(move || {
            let _kept = (room, worker);
            work()
        });
        working.await.map_err(|_| Crowded)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_place() {
        let aside = Aside::new(1, TaskTracker::new());
        let (says, begun) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let work = move || {
            says.send(()).unwrap();
            let _ = ended.recv();
        };
        tokio::select! {
            _ = aside.run(work) => panic!("it cannot be done"),
            () = tokio::task::yield_now() => {}
        }
        tokio::task::spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
        assert_eq!((aside.workers.available_permits(), aside.room.available_permits()), (0, WAITING));
        let queue: Vec<_> = (0..WAITING).map(|_| Box::pin(aside.run(|| ()))).collect();
        let mut waiting = futures(queue);
        assert!(waiting.all_pending().await);
        assert_eq!(aside.run(|| ()).await, Err(Crowded));
        drop(end);
        for one in waiting.0 {
            assert_eq!(one.await, Ok(()));
        }
    }

    struct Waiting<F>(Vec<std::pin::Pin<Box<F>>>);

    fn futures<F: Future>(all: Vec<std::pin::Pin<Box<F>>>) -> Waiting<F> {
        Waiting(all)
    }

    impl<F: Future> Waiting<F> {
        async fn all_pending(&mut self) -> bool {
            std::future::poll_fn(|context| {
                std::task::Poll::Ready(self.0.iter_mut().all(|one| one.as_mut().poll(context).is_pending()))
            })
            .await
        }
    }
}
