//! Connecting to a backend that has a fault.

use std::io;
use std::time::Duration;

use super::dial::{DialError, dial};
use super::fault::{Carries, Faulty};
use super::stream::Stream;
use crate::api::ChaosKind;
use crate::config::{Address, BackendTls};

/// The same as [`dial`], with this fault. Of what it carries, `carries` says what its body is.
pub(crate) async fn dial_faulty(
    kind: &ChaosKind,
    carries: Carries,
    address: &Address,
    tls: &BackendTls,
    first: Option<&[u8]>,
    limit: Duration,
) -> Result<Stream, DialError> {
    match kind {
        ChaosKind::Refuse | ChaosKind::Flaky { .. } => Err(DialError::Refused(io::ErrorKind::ConnectionRefused.into())),
        ChaosKind::Blackhole => {
            tokio::time::sleep(limit).await;
            Err(DialError::Timeout(limit))
        }
        ChaosKind::Error { status } => Ok(Stream::Faulty(Box::new(Faulty::answer(answer(*status, carries))))),
        _ => {
            let stream = dial(address, tls, first, limit).await?;
            Ok(Stream::Faulty(Box::new(Faulty::new(stream, kind, carries))))
        }
    }
}

/// What stands for a backend's answer.
fn answer(status: u16, carries: Carries) -> Vec<u8> {
    let reason =
        http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let body = format!("chaos: error {status}\n");
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let has_body = !matches!(carries, Carries::Response { to_head: true, .. });
    (if has_body { head + &body } else { head }).into_bytes()
}
