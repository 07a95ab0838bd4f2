//! Requests from a HAR file, as if they had been made to this balancer.

use std::path::Path;
use std::time::Duration;
use stickylb_survive::har::{self, Har};

use super::recorder::MOST;
use crate::config::open_file;
use crate::untrusted::Untrusted;

/// Time for a file that is none, such as a named pipe.
const WITHIN: Duration = Duration::from_secs(10);

/// Reads a HAR file, and leads its requests to this balancer's URL; why it cannot be used, in one sentence. Blocks.
pub(crate) fn read(path: &str, url: &str) -> Result<Har, String> {
    let shown = Untrusted::new(path);
    let cannot = |error: &dyn std::fmt::Display| format!("the HAR file {shown} cannot be used: {error}");
    let file = open_file(Path::new(path), WITHIN).map_err(|error| cannot(&error))?;
    let mut har = har::read(file, MOST).map_err(|error| cannot(&error))?;
    if har.exchanges.is_empty() {
        return Err(cannot(&"it has no request that could be sent"));
    }
    har.lead_to(url);
    Ok(har)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_named() {
        assert!(read("/nowhere/a.har", "http://localhost:3001").expect_err("not there").contains("/nowhere/a.har"));
    }
}
