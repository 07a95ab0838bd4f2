//! Work that takes a while, beside the thread that commands and checks run on.

use std::thread;
use tokio::sync::oneshot;

/// Does it on a thread of its own; `None` where there is none, or it failed. The thread is waited for by nobody.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = oneshot::channel();
    // Who asked may have left.
    let begun = thread::Builder::new().name("survive".to_owned()).spawn(move || drop(tell.send(work())));
    begun.ok()?;
    told.await.ok()
}
