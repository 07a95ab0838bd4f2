//! The `Date` field (RFC 9110 6.6.1), formatted once a second.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

struct Cached {
    second: Duration,
    text: String,
}

thread_local! {
    static CACHED: RefCell<Cached> = const { RefCell::new(Cached { second: Duration::ZERO, text: String::new() }) };
}

/// Writes the present time as a field's value.
pub fn write_date(out: &mut Vec<u8>) {
    let now = SystemTime::now();
    let second = Duration::from_secs(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    CACHED.with_borrow_mut(|cached| {
        if cached.second != second || cached.text.is_empty() {
            *cached = Cached { second, text: httpdate::fmt_http_date(now) };
        }
        out.extend_from_slice(cached.text.as_bytes());
    });
}
