//! The `email` section: how mail about backends is sent.

use lettre::Address as MailAddress;
use lettre::message::{Mailbox, Mailboxes};
use std::time::Duration;

use super::keys::Keys;
use super::nearest::nearest;
use super::node::Node;
use super::secret::Secret;

/// How the connection to a mail server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encryption {
    /// TLS from the first byte on.
    Tls,
    /// TLS after a greeting in the clear; without it no mail is sent.
    StartTls,
    /// Nothing: for a mail server on this machine.
    None,
}

/// Who this program is to a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmailAuth {
    /// The account's name.
    pub user: String,
    /// Its password.
    pub pass: Secret,
}

impl EmailAuth {
    /// An account with its password.
    pub fn new(user: impl Into<String>, pass: Secret) -> Self {
        EmailAuth { user: user.into(), pass }
    }
}

/// How mail about backends is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmailConfig {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept private.
    pub encryption: Encryption,
    /// Whether the server's certificate must be one the system trusts.
    pub verify: bool,
    /// The account, where the server wants one.
    pub auth: Option<EmailAuth>,
    /// Whom it is from: an address, perhaps with a name, as `Name <a@b.example>`.
    pub from: String,
    /// The name to greet the server with; this machine's own where there is none.
    pub name: Option<String>,
    /// The least time between two mails about one backend.
    pub throttle: Duration,
}

impl EmailConfig {
    /// Mail by this server, from this address: STARTTLS at port 587, no account, and at most one mail a minute about one
    /// backend.
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        let encryption = Encryption::StartTls;
        EmailConfig {
            host: host.into(),
            port: usual_port(encryption),
            encryption,
            verify: true,
            auth: None,
            from: from.into(),
            name: None,
            throttle: THROTTLE,
        }
    }
}

/// The least time between two mails about one backend, unless it is set.
const THROTTLE: Duration = Duration::from_mins(1);

/// The providers people know by name, with where they take mail. Names are compared without case and spaces.
const SERVICES: [(&str, &str, u16); 33] = [
    ("126", "smtp.126.com", 465),
    ("163", "smtp.163.com", 465),
    ("1und1", "smtp.1und1.de", 465),
    ("aol", "smtp.aol.com", 587),
    ("brevo", "smtp-relay.brevo.com", 587),
    ("ethereal", "smtp.ethereal.email", 587),
    ("fastmail", "smtp.fastmail.com", 465),
    ("gmail", "smtp.gmail.com", 465),
    ("gmx", "mail.gmx.com", 587),
    ("googlemail", "smtp.gmail.com", 465),
    ("hotmail", "smtp-mail.outlook.com", 587),
    ("icloud", "smtp.mail.me.com", 587),
    ("ionos", "smtp.ionos.com", 465),
    ("mail.ru", "smtp.mail.ru", 465),
    ("mailgun", "smtp.mailgun.org", 465),
    ("mailjet", "in-v3.mailjet.com", 587),
    ("mailtrap", "live.smtp.mailtrap.io", 587),
    ("mandrill", "smtp.mandrillapp.com", 587),
    ("naver", "smtp.naver.com", 465),
    ("office365", "smtp.office365.com", 587),
    ("outlook", "smtp-mail.outlook.com", 587),
    ("outlook365", "smtp.office365.com", 587),
    ("postmark", "smtp.postmarkapp.com", 587),
    ("protonmail", "smtp.protonmail.ch", 587),
    ("qq", "smtp.qq.com", 465),
    ("sendgrid", "smtp.sendgrid.net", 587),
    ("sendinblue", "smtp-relay.brevo.com", 587),
    ("ses", "email-smtp.us-east-1.amazonaws.com", 465),
    ("sparkpost", "smtp.sparkpostmail.com", 587),
    ("web.de", "smtp.web.de", 587),
    ("yahoo", "smtp.mail.yahoo.com", 465),
    ("yandex", "smtp.yandex.com", 465),
    ("zoho", "smtp.zoho.com", 465),
];

/// Reads the section; `None` where something is wrong with it.
pub(crate) fn email(keys: &mut Keys<'_, '_>) -> Option<EmailConfig> {
    let service = keys.get("service", "A provider, such as gmail or outlook", service);
    let host = keys.get("host", "Or a mail server of your own", |n| n.hint("minLength", 1).parsed(host));
    let port = keys.get("port", "Its port; 465, 587 or 25 by encryption unless set", |n| n.integer(1, 65_535));
    let encryption = keys.get("encryption", "starttls unless the port is 465", |n| {
        n.one_of(&[("tls", Encryption::Tls), ("starttls", Encryption::StartTls), ("none", Encryption::None)])
    });
    let mut verify = true;
    keys.section("tls", "How its certificate is judged", &mut verify, |verify, keys| {
        keys.set("verify", "Whether the system must trust it", verify, |n| n.boolean())
    });
    let auth = keys.get("auth", "The account there", |n| n.secret().object(auth)).flatten();
    let from = keys.get("from", "Whom mail is from; auth.user unless set", |n| n.parsed(sender));
    let name = keys.get("name", "The name to greet the server with; this machine's unless set", |n| n.parsed(greeting));
    let mut throttle = THROTTLE;
    keys.set("throttle", "The least time between two mails about one backend", &mut throttle, |n| n.millis(0));

    if keys.has("service") {
        for key in ["host", "port", "encryption"].into_iter().filter(|key| keys.has(key)) {
            keys.wrong_at(key, format!("'service' knows its {key}: leave one of the two out"));
        }
        if !keys.has("auth") {
            keys.wrong::<()>("'email' with a 'service' needs 'auth', the account there: {\"user\": …, \"pass\": …}");
        }
    } else if !keys.has("host") {
        keys.wrong::<()>("'email' needs a 'service', such as \"gmail\", or a 'host'");
    }
    let user = || sender(&auth.as_ref()?.user).ok();
    let from = match from {
        Some(from) => Some(from),
        None if keys.has("from") => None,
        // Where an account is missing or wrong, that is said already.
        None if auth.is_none() && (keys.has("auth") || keys.has("service")) => None,
        None => user().or_else(|| {
            keys.wrong("'email' needs a 'from', such as \"lb@example.com\", where 'auth.user' is not a mail address")
        }),
    };
    let (host, port, encryption) = if let Some((host, port)) = service {
        (host.to_owned(), port, by_port(port))
    } else {
        let encryption = encryption.or_else(|| port.map(by_port)).unwrap_or(Encryption::StartTls);
        (host?, port.unwrap_or(usual_port(encryption)), encryption)
    };
    Some(EmailConfig { host, port, encryption, verify, auth, from: from?, name, throttle })
}

/// What is spoken at a port unless the file says otherwise (RFC 8314 3).
fn by_port(port: u16) -> Encryption {
    if port == 465 { Encryption::Tls } else { Encryption::StartTls }
}

fn usual_port(encryption: Encryption) -> u16 {
    match encryption {
        Encryption::Tls => 465,
        Encryption::StartTls => 587,
        Encryption::None => 25,
    }
}

fn service(n: Node<'_, '_>) -> Option<(&'static str, u16)> {
    let written = n.string()?;
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let name = written.chars().filter(plain).collect::<String>().to_ascii_lowercase();
    if let Some((_, host, port)) = SERVICES.iter().find(|(known, ..)| *known == name) {
        return Some((host, *port));
    }
    let near = nearest(&name, SERVICES.iter().map(|(known, ..)| *known));
    n.wrong(format!("'{written}' is not a provider known here: write 'host' in its place{near}"))
}

fn auth(keys: &mut Keys<'_, '_>) -> Option<EmailAuth> {
    keys.require("user", "needs a 'user'");
    keys.require("pass", "needs a 'pass'");
    let user = keys.get("user", "Its name", |n| n.string());
    let described = "Its password; \"env:NAME\" or \"file:PATH\"";
    let pass = keys.get("pass", described, |n| n.secret().parsed(Secret::resolve));
    Some(EmailAuth { user: user?, pass: pass? })
}

fn host(host: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if !host.is_empty() && host.chars().all(plain) {
        Ok(host.to_owned())
    } else {
        Err(format!("'{host}' is not the name of a mail server: write one such as mail.example.com"))
    }
}

fn greeting(name: &str) -> Result<String, String> {
    if is_host_name(name) {
        Ok(name.to_owned())
    } else {
        Err(format!("'{name}' is not the name of a machine: write one such as lb.example.com"))
    }
}

/// Whether these are labels of letters, digits and hyphens, with dots between them (RFC 5321 2.3.5).
pub(crate) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inside = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (1..=63).contains(&label.len()) && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// One address, perhaps with a name before it.
fn sender(text: &str) -> Result<String, String> {
    let valid = one_line(text) && text.parse::<Mailbox>().is_ok();
    if valid {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is not a mail address: write one such as lb@example.com"))
    }
}

/// Whom mail about a backend goes to: an address, or several with commas between them. Nobody where it is empty.
pub(crate) fn owner(n: Node<'_, '_>) -> Option<String> {
    let text = n.or_null(|n| n.string()).filter(|text| !text.is_empty())?;
    let addresses = text.parse::<Mailboxes>().map(|all| all.into_iter().map(|one| one.email).collect::<Vec<_>>());
    match addresses {
        Ok(all) if one_line(&text) && !all.is_empty() && all.iter().all(has_domain) => Some(text),
        _ => n.wrong(format!("'{text}' is not a mail address: write one such as you@example.com")),
    }
}

fn has_domain(address: &MailAddress) -> bool {
    !address.domain().is_empty()
}

/// Nothing that could end a header line and begin another.
fn one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
