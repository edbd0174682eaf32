//! Threads: as many as the system allows, possibly none.

use std::io;
use std::num::NonZero;
use std::sync::{Arc, Mutex, Once, PoisonError, mpsc};
use std::thread::{Builder, available_parallelism};

use rayon::{ThreadBuilder, ThreadPoolBuilder};

/// A thread's work.
type Job = Box<dyn FnOnce() + Send>;

/// Builds rayon's global pool, once per process, with one thread per core, or as many as the system
/// allows; if it allows none, with the calling thread alone. rayon itself would panic on first use
/// in that case.
pub fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (count, handler) = hired(wanted(), &mut spawn);
        let pool = ThreadPoolBuilder::new().num_threads(count.max(1));
        let pool = pool.spawn_handler(handler);
        let pool = match count {
            0 => pool.use_current_thread(),
            _ => pool,
        };
        // Fails only if the application has already built the pool.
        let _ = pool.build_global();
    });
}

/// Whether the system allows one more thread, for libraries that panic otherwise.
pub fn another() -> bool {
    let thread = Builder::new().spawn(|| {});
    thread.is_ok_and(|thread| thread.join().is_ok())
}

/// rayon's default.
fn wanted() -> usize {
    let set = std::env::var("RAYON_NUM_THREADS").ok();
    let set = set.and_then(|text| text.parse().ok());
    let cores = || available_parallelism().map_or(1, NonZero::get);
    set.filter(|&threads| threads > 0).unwrap_or_else(cores)
}

fn spawn(job: Job) -> io::Result<()> {
    let named = Builder::new().name("worker".to_owned());
    named.spawn(job).map(|_| ())
}

/// Starts up to `wanted` threads that wait for work; returns their number, and a handler that gives
/// each its job. They are started first because a pool fails if one of its threads cannot start,
/// and the global pool can be built only once.
fn hired(
    wanted: usize,
    spawn: &mut dyn FnMut(Job) -> io::Result<()>,
) -> (usize, impl FnMut(ThreadBuilder) -> io::Result<()> + use<>) {
    let (sender, receiver) = mpsc::channel::<ThreadBuilder>();
    let receiver = Arc::new(Mutex::new(receiver));
    let mut hire = || {
        let receiver = receiver.clone();
        spawn(Box::new(move || {
            // Locked for this line only.
            let work = receiver
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            if let Ok(work) = work {
                work.run();
            }
        }))
    };
    let count = (0..wanted).take_while(|_| hire().is_ok()).count();
    let handler = move |thread| {
        let sent = sender.send(thread);
        sent.map_err(|_| io::Error::other("the thread has gone"))
    };
    (count, handler)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    /// The number of threads in a pool if the system allows `limit`.
    fn pool(wanted: usize, limit: usize) -> usize {
        let mut left = limit;
        let mut scarce = |job| {
            left = left
                .checked_sub(1)
                .ok_or_else(|| io::Error::other("no thread"))?;
            spawn(job)
        };
        let (count, handler) = hired(wanted, &mut scarce);
        if count > 0 {
            let pool = ThreadPoolBuilder::new().num_threads(count);
            let pool = pool.spawn_handler(handler).build().unwrap();
            assert_eq!(pool.current_num_threads(), count);
            let sum: u64 = pool.install(|| (0..1000u64).into_par_iter().sum());
            assert_eq!(sum, 499_500);
        }
        count
    }

    #[test]
    fn a_pool_has_as_many_threads_as_there_are_to_be_had() {
        for (wanted, limit) in [(4, 9), (4, 4), (4, 3), (4, 1), (4, 0), (1, 1)] {
            assert_eq!(pool(wanted, limit), wanted.min(limit));
        }
    }

    #[test]
    fn without_any_thread_the_calling_one_does_the_work() {
        // On a separate thread, which stays a worker of the pool.
        let done = std::thread::spawn(|| {
            let (count, handler) = hired(2, &mut |_| Err(io::Error::other("no thread")));
            assert_eq!(count, 0);
            let pool = ThreadPoolBuilder::new().num_threads(1);
            let pool = pool.spawn_handler(handler).use_current_thread();
            let pool = pool.build().unwrap();
            pool.install(|| rayon::join(|| 1, || 2))
        });
        assert_eq!(done.join().unwrap(), (1, 2));
    }
}
