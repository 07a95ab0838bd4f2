//! Several runs at a time: each mostly waits, and one after the other they would take a quarter of an hour.

use std::collections::HashMap;
use std::sync::{Condvar, LazyLock, Mutex, Once, PoisonError};
use std::thread::{JoinHandle, available_parallelism};

use crate::app::Run;
use crate::survived::Survived;

/// Runs that were begun, and that no test has asked for yet.
static BEGUN: LazyLock<Mutex<HashMap<Run, JoinHandle<Survived>>>> = LazyLock::new(Mutex::default);

/// The first test that asks.
static FIRST: Once = Once::new();

/// How many more may go now.
static FREE: LazyLock<(Mutex<usize>, Condvar)> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, usize::from);
    (Mutex::new(2 * cores + 1), Condvar::new())
});

/// Waits until these runs are over. Where no test was chosen, the first that asks begins all there are.
pub(crate) fn ended(runs: Vec<Run>, all: impl FnOnce() -> Vec<Run>) -> Vec<(Run, Survived)> {
    let is_chosen = std::env::args().skip(1).any(|argument| !argument.starts_with('-'));
    let mut begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    FIRST.call_once(|| {
        if !is_chosen {
            begun.extend(all().into_iter().map(|run| (run, begin(run))));
        }
    });
    let own: Vec<(Run, JoinHandle<Survived>)> =
        runs.into_iter().map(|run| (run, begun.remove(&run).unwrap_or_else(|| begin(run)))).collect();
    drop(begun);
    // All of them end, however one did, so that none leaves processes behind.
    let ended: Vec<_> = own.into_iter().map(|(run, thread)| (run, thread.join())).collect();
    let survived =
        |ended: std::thread::Result<Survived>| ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    ended.into_iter().map(|(run, ended)| (run, survived(ended))).collect()
}

fn begin(run: Run) -> JoinHandle<Survived> {
    std::thread::spawn(move || {
        let _permit = Permit::take();
        run.survive()
    })
}

/// Leave for one run.
struct Permit;

impl Permit {
    fn take() -> Self {
        let (free, freed) = &*FREE;
        let mut left = free.lock().unwrap_or_else(PoisonError::into_inner);
        while *left == 0 {
            left = freed.wait(left).unwrap_or_else(PoisonError::into_inner);
        }
        *left -= 1;
        Permit
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let (free, freed) = &*FREE;
        *free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        freed.notify_one();
    }
}
