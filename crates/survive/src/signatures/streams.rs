//! Sessions that begin with a WebSocket, in which their id is told: Streamlit's.

use super::cookies::Who;
use super::found::{Found, Framework, Signature, said};
use crate::Exchange;

/// How many requests after its WebSocket was opened an upload is still its own.
const AFTER: usize = 5000;

/// Refused uploads of a client whose WebSockets are all on other copies.
pub(super) fn signatures(exchanges: &[Exchange]) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        let is_upload = exchange.request.path().contains("/_stcore/upload_file/");
        if !is_upload || exchange.answer.status != 400 || !said(exchange).contains("invalid session") {
            continue;
        }
        let Some(copy) = exchange.copy else { continue };
        let client = client(exchange);
        let earlier = exchanges[..at].iter().enumerate().rev().take(AFTER);
        let streams: Vec<(usize, Option<usize>)> = earlier
            .filter(|(_, one)| one.request.path().ends_with("/_stcore/stream") && one.answer.status == 101)
            .filter(|(_, one)| self::client(one) == client)
            .map(|(place, one)| (place, one.copy))
            .collect();
        let elsewhere = streams.iter().all(|(_, of)| of.is_some_and(|of| of != copy));
        if let (Some((worked_at, _)), true) = (streams.first(), elsewhere) {
            let signature = Signature {
                at,
                worked_at: *worked_at,
                framework: Framework::Streamlit,
                words: "400 Invalid session_id".to_owned(),
                times: 1,
                learn: Framework::Streamlit.learn().map(str::to_owned),
            };
            found.push((signature, "/_stcore/upload_file/…".to_owned()));
        }
    }
    found
}

/// Who a browser is.
fn client(exchange: &Exchange) -> (Who, Option<&str>) {
    (Who::of(&exchange.request), exchange.request.fields.text("user-agent"))
}
