//! The text of a mail. About a backend it is the same as in smart-stick-loadbalancer.

use lettre::Message;
use lettre::message::header::{ContentType, To};
use lettre::message::{Mailbox, Mailboxes};
use std::time::SystemTime;

use super::pending_notice::Condition;
use crate::api::rfc3339;
use crate::balancer::Backend;
use crate::state::MailedAlert;
use crate::untrusted::Untrusted;

/// A mail, before it is one.
pub(super) struct Letter {
    /// An address, or several with commas.
    pub(super) to: String,
    subject: String,
    text: String,
    /// What the log calls it: without mail addresses, because every reader of events sees this.
    pub(super) what: String,
}

impl Letter {
    /// That this backend's condition has lasted since then.
    pub(super) fn of_backend(backend: &Backend, owner: &str, condition: Condition, since: SystemTime) -> Self {
        let (subject, words, is) = match condition {
            Condition::Down => ("⚠️ Backend Down", "is down.", "is DOWN"),
            Condition::Up => ("✅ Backend Recovered", "is back online.", "is back"),
        };
        Letter {
            to: owner.to_owned(),
            subject: subject.to_owned(),
            text: format!("Your backend at {} {words}\r\nTime: {}", backend.identity.url, rfc3339(since)),
            what: format!("mail to the owner of {}, that it {is}", backend.name()),
        }
    }

    /// That this alert began or ended at that time.
    pub(super) fn of_alert(alert: &MailedAlert, since: SystemTime) -> Self {
        let when = Untrusted::new(&alert.when);
        let (subject, how) = if alert.active { ("⚠️ Alert", "began") } else { ("✅ Alert over", "ended") };
        Letter {
            to: alert.to.clone(),
            subject: format!("{subject}: {when}"),
            text: format!("{}\r\nTime: {}", Untrusted::new(&alert.sentence), rfc3339(since)),
            what: format!("mail about the alert {when}, that it {how}"),
        }
    }

    /// The mail, from `from`.
    ///
    /// # Errors
    /// A mail address is malformed, which the configuration rules out.
    pub(super) fn message(&self, from: &str) -> Result<Message, String> {
        let from: Mailbox = from.parse().map_err(|_| "'from' is no address".to_owned())?;
        let to: Mailboxes = self.to.parse().map_err(|_| "the recipient is no address".to_owned())?;
        // Unique, and of the sender's domain, as providers want it (RFC 5322 3.6.4); this machine's name is nobody's
        // business.
        let id = format!("<{:016x}{:016x}@{}>", fastrand::u64(..), fastrand::u64(..), from.email.domain());
        Message::builder()
            .message_id(Some(id))
            .from(from)
            .mailbox(To::from(to))
            .subject(&self.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(self.text.clone())
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BackendConfig;

    fn text(letter: &Letter) -> String {
        let message = letter.message("lb@example.com").expect("a mail");
        assert_eq!(message.envelope().to().len(), 2);
        let text = String::from_utf8(message.formatted()).expect("text");
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
        assert!(text.bytes().all(|b| b.is_ascii()), "{text}");
        text
    }

    const TWO: &str = "\"Own\\\"er, é\" <owner@example.com>, b@example.com";

    #[test]
    fn no_url_and_no_name_adds_a_header() {
        let address = "unix:/tmp/a\r\nBcc: everybody@example.com\r\n\r\nx";
        let mut backend = Backend::new(&BackendConfig::new(1, "a".to_owned(), "5000".parse().expect("good")), None);
        let mut identity = (*backend.identity).clone();
        identity.url = address.into();
        backend.identity = identity.into();
        let letter = Letter::of_backend(&backend, TWO, Condition::Down, SystemTime::UNIX_EPOCH);
        let (_, body) =
            text(&letter).split_once("\r\n\r\n").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a body");
        assert!(body.starts_with("Your backend at unix:/tmp/a\\x0d\\x0aBcc: "), "{body}");
    }

    #[test]
    fn no_alert_adds_a_header() {
        let when = "backend:\"x\r\nBcc: everybody@example.com\" up<1".to_owned();
        let alert = MailedAlert { sentence: format!("alert {when} begins"), when, active: true, to: TWO.to_owned() };
        text(&Letter::of_alert(&alert, SystemTime::UNIX_EPOCH));
    }
}
