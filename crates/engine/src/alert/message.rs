//! The text of a mail, which is the same as in smart-stick-loadbalancer.

use lettre::Message;
use lettre::message::header::{ContentType, To};
use lettre::message::{Mailbox, Mailboxes};
use std::time::SystemTime;

use super::pending_notice::Condition;
use crate::api::rfc3339;
use crate::untrusted::Untrusted;

/// A mail to `owner` about the backend at `url`, whose condition has lasted since `since`.
///
/// # Errors
/// A mail address is malformed, which the configuration rules out.
pub(crate) fn message(
    from: &str,
    owner: &str,
    url: Untrusted<&str>,
    condition: Condition,
    since: SystemTime,
) -> Result<Message, String> {
    let (subject, words) = match condition {
        Condition::Down => ("⚠️ Backend Down", "is down."),
        Condition::Up => ("✅ Backend Recovered", "is back online."),
    };
    let text = format!("Your backend at {url} {words}\r\nTime: {}", rfc3339(since));
    let from: Mailbox = from.parse().map_err(|_| "'from' is no address".to_owned())?;
    let owner: Mailboxes = owner.parse().map_err(|_| "the owner is no address".to_owned())?;
    // Unique, and of the sender's domain, as providers want it (RFC 5322 3.6.4); this machine's name is nobody's business.
    let id = format!("<{:016x}{:016x}@{}>", fastrand::u64(..), fastrand::u64(..), from.email.domain());
    Message::builder()
        .message_id(Some(id))
        .from(from)
        .mailbox(To::from(owner))
        .subject(subject)
        .header(ContentType::TEXT_PLAIN)
        .body(text)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_url_and_no_name_adds_a_header() {
        let url = "unix:/tmp/a\r\nBcc: everybody@example.com\r\n\r\nx";
        let owner = "\"Own\\\"er, é\" <owner@example.com>, b@example.com";
        let message =
            message("lb@example.com", owner, url.into(), Condition::Down, SystemTime::UNIX_EPOCH).expect("a mail");
        let text = String::from_utf8(message.formatted()).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(!head.to_ascii_lowercase().contains("bcc"), "{head}");
        assert_eq!(message.envelope().to().len(), 2);
        assert!(body.starts_with("Your backend at unix:/tmp/a\\x0d\\x0aBcc: "), "{body}");
        assert!(text.bytes().all(|b| b.is_ascii()), "{text}");
    }
}
