//! Limits on requests that the tests themselves reached: what follows would tell of them, and not of copies.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use stickylb_survive::{Answer, Request};

use super::groups::group;

/// What is waited where the app does not say how long, and the longest that is waited.
const WAIT: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3);

/// Methods and paths whose limits were reached.
#[derive(Default)]
pub(crate) struct Limits(Mutex<HashSet<(String, String)>>);

impl Limits {
    /// How long to wait before the request is sent once more; `None` where no limit refused it, or that has been tried.
    pub(crate) fn wait(&self, request: &Request, answer: &Answer) -> Option<Duration> {
        if answer.status != 429 || self.are_reached(request) {
            return None;
        }
        // Seconds, or a date (RFC 9110 10.2.3), which is no sooner than a limit of minutes ends.
        let asked =
            answer.fields.text("retry-after").map(|after| after.trim().parse().map_or(LONGEST, Duration::from_secs));
        Some(asked.unwrap_or(WAIT).min(LONGEST))
    }

    /// Remembers a limit that still refuses a request.
    pub(crate) fn note(&self, request: &Request, answer: &Answer) {
        if answer.status == 429 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key(request));
        }
    }

    /// Whether it was reached.
    pub(crate) fn are_reached(&self, request: &Request) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&key(request))
    }
}

fn key(request: &Request) -> (String, String) {
    (request.method.clone(), group(request.path()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb_survive::Fields;

    #[test]
    fn a_limit_is_waited_for_once_and_not_for_long_and_is_of_its_path() {
        let request =
            |target: &str| Request { method: "GET".to_owned(), target: target.to_owned(), ..Request::default() };
        let refused = |after: &str| Answer {
            status: 429,
            fields: Fields(vec![("Retry-After".to_owned(), after.as_bytes().to_vec())]),
            ..Answer::default()
        };
        let limits = Limits::default();
        let search = request("/search?q=1");
        assert_eq!(limits.wait(&search, &refused("2")), Some(Duration::from_secs(2)));
        assert_eq!(limits.wait(&search, &refused("900")), Some(LONGEST));
        assert_eq!(limits.wait(&search, &Answer { status: 429, ..Answer::default() }), Some(WAIT));
        assert_eq!(limits.wait(&search, &Answer { status: 200, ..Answer::default() }), None);
        limits.note(&search, &refused("2"));
        assert_eq!(limits.wait(&search, &refused("2")), None);
        assert!(limits.are_reached(&request("/search?q=2")) && !limits.are_reached(&request("/")));
    }
}
