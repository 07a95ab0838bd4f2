//! Requests from a HAR file, as if they had been made to this balancer.

use std::path::Path;
use std::time::Duration;
use stickylb_survive::har::{self, Har};
use stickylb_survive::{Exchange, Fields};

use super::recorder::MOST;
use crate::config::open_file;
use crate::untrusted::Untrusted;

/// Time for a file that is none, such as a named pipe.
const WITHIN: Duration = Duration::from_secs(10);

/// Reads a HAR file; why it cannot be used, in one sentence. Blocks.
pub(crate) fn read(path: &str) -> Result<Har, String> {
    let shown = Untrusted::new(path);
    let cannot = |error: &dyn std::fmt::Display| format!("the HAR file {shown} cannot be used: {error}");
    let file = open_file(Path::new(path), WITHIN).map_err(|error| cannot(&error))?;
    let har = har::read(file, MOST).map_err(|error| cannot(&error))?;
    if har.exchanges.is_empty() {
        return Err(cannot(&"it has no request that could be sent"));
    }
    Ok(har)
}

/// Makes requests that were made to `host` requests to `url`, which is this balancer's.
pub(crate) fn turn(exchanges: &mut [Exchange], host: &str, url: &str) {
    let authority = url.split_once("://").map_or(url, |(_, authority)| authority).trim_end_matches('/');
    let origins = [format!("http://{host}"), format!("https://{host}")];
    for Fields(fields) in exchanges.iter_mut().map(|exchange| &mut exchange.request.fields) {
        fields.retain(|(name, _)| !name.starts_with(':') && !name.eq_ignore_ascii_case("host"));
        fields.insert(0, ("Host".to_owned(), authority.as_bytes().to_vec()));
        for (name, value) in fields.iter_mut() {
            let names_it = name.eq_ignore_ascii_case("origin") || name.eq_ignore_ascii_case("referer");
            if !names_it {
                continue;
            }
            let rest = origins.iter().find_map(|origin| value.strip_prefix(origin.as_bytes()));
            if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest[0] == b'/') {
                *value = [url.trim_end_matches('/').as_bytes(), rest].concat();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb_survive::Request;

    #[test]
    fn a_request_is_made_to_this_balancer_wherever_it_was_made_to() {
        let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let fields = Fields(vec![
            field(":authority", "app.test"),
            field("Origin", "https://app.test"),
            field("Referer", "https://app.test/cart?x=1"),
            field("Accept", "*/*"),
        ]);
        let request = Request { fields, ..Request::default() };
        let mut exchanges = [Exchange { request, ..Exchange::default() }];
        turn(&mut exchanges, "app.test", "http://localhost:3001");
        let fields = &exchanges[0].request.fields;
        assert_eq!(fields.text("host"), Some("localhost:3001"));
        assert_eq!(fields.text("origin"), Some("http://localhost:3001"));
        assert_eq!(fields.text("referer"), Some("http://localhost:3001/cart?x=1"));
        assert_eq!(fields.0.len(), 4);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        assert!(read("/nowhere/a.har").expect_err("not there").contains("/nowhere/a.har"));
    }
}
