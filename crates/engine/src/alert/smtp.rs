//! Sends mail by SMTP, with a timeout for each step.

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _, UdpSocket};
use std::time::Duration;
use std::{fmt, io};
use tokio::sync::OnceCell;

#[cfg(unix)]
use crate::config::is_host_name;
use crate::config::{EmailConfig, Encryption};
use crate::untrusted::Untrusted;

/// Timeout of each step. Generous, because some servers delay their greeting on purpose to deter spammers.
const STEP: Duration = Duration::from_secs(10);

/// Most characters of an error message.
const REPEATED: usize = 200;

/// Why a mail was not sent, and which configuration key to check.
pub(crate) struct Failed {
    what: String,
    check: &'static str,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; check {}", self.what, self.check)
    }
}

/// A mail server, as configured.
pub(crate) struct Server {
    pub(crate) config: EmailConfig,
    /// Built on first use, because loading the system's certificates is slow.
    tls: OnceCell<TlsParameters>,
}

impl Server {
    pub(crate) fn new(config: EmailConfig) -> Self {
        Server { config, tls: OnceCell::new() }
    }

    /// Sends a mail over a new connection.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), Failed> {
        let EmailConfig { host, port, encryption, auth, .. } = &self.config;
        let hello = self.hello().await;
        let tls = if *encryption == Encryption::None { None } else { Some(self.tls().await?) };
        let at_once = tls.clone().filter(|_| *encryption == Encryption::Tls);
        let connecting = AsyncSmtpConnection::connect_tokio1((host.as_str(), *port), None, &hello, at_once, None);
        let mut connection = self.step("the connection", "email.host and email.port", connecting).await?;
        if let Some(tls) = tls.filter(|_| *encryption == Encryption::StartTls) {
            if !connection.can_starttls() {
                return Err(self.failed("it offers no STARTTLS", "email.encryption"));
            }
            self.step("STARTTLS", "email.encryption", connection.starttls(tls, &hello)).await?;
        }
        if let Some(auth) = auth {
            let account = Credentials::new(auth.user.clone(), auth.pass.reveal().to_owned());
            let ways = [Mechanism::Plain, Mechanism::Login];
            self.step("the login", "email.auth", connection.auth(&ways, &account)).await?;
        }
        let (envelope, text) = (message.envelope(), message.formatted());
        self.step("the mail", "email.from and the owner", connection.send(envelope, &text)).await?;
        // The server has accepted the mail, so an error here does not matter.
        let _ = tokio::time::timeout(STEP, connection.quit()).await;
        Ok(())
    }

    async fn step<T>(
        &self,
        name: &str,
        check: &'static str,
        doing: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failed> {
        match tokio::time::timeout(STEP, doing).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                let words = error.to_string();
                let check =
                    if words.contains("certificate") { "email.host, or allow it by email.tls.verify" } else { check };
                Err(self.failed(format_args!("{name} failed: {words}"), check))
            }
            Err(_) => Err(self.failed(format_args!("no answer to {name} within {} s", STEP.as_secs()), check)),
        }
    }

    /// Builds an error without the account and sender, because a server may echo whatever it was sent, even the
    /// password.
    fn failed(&self, what: impl fmt::Display, check: &'static str) -> Failed {
        let mut what = format!("{}:{}: {what}", self.config.host, self.config.port);
        let account = self.config.auth.iter().flat_map(|auth| [auth.pass.reveal(), auth.user.as_str()]);
        for secret in account.chain([self.config.from.as_str()]).filter(|secret| !secret.is_empty()) {
            what = what.replace(secret, "(hidden)");
        }
        Failed { what: format!("{:.REPEATED$}", Untrusted::new(what)), check }
    }

    /// How this program greets the server: as `email.name` says, else by this machine's full name, else by its address
    /// (RFC 5321 4.1.4). Servers turn away a name without a domain.
    async fn hello(&self) -> ClientId {
        if let Some(name) = self.config.name.clone().or_else(full_name) {
            return ClientId::Domain(name);
        }
        let server = (self.config.host.clone(), self.config.port);
        // May block on the resolver. No packet is sent: connecting only chooses the address to send from.
        let chosen = tokio::task::spawn_blocking(move || {
            let found = server.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
            let own: IpAddr = if found.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            let socket = UdpSocket::bind((own, 0))?;
            socket.connect(found)?;
            io::Result::Ok(socket.local_addr()?.ip())
        });
        match tokio::time::timeout(STEP, chosen).await {
            Ok(Ok(Ok(IpAddr::V4(own)))) => ClientId::Ipv4(own),
            Ok(Ok(Ok(IpAddr::V6(own)))) => ClientId::Ipv6(own),
            // The connection will say what is wrong.
            _ => ClientId::default(),
        }
    }

    async fn tls(&self) -> Result<TlsParameters, Failed> {
        let make = || async {
            let (host, verify) = (self.config.host.clone(), self.config.verify);
            let builds = tokio::task::spawn_blocking(move || {
                let builder = TlsParameters::builder(host);
                let builder = builder.dangerous_accept_invalid_certs(!verify);
                builder.dangerous_accept_invalid_hostnames(!verify).build_rustls()
            });
            builds.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
        };
        let tls = self.tls.get_or_try_init(make).await;
        tls.cloned().map_err(|error| self.failed(format_args!("no TLS: {error}"), "email.host"))
    }
}

/// This machine's name, if it has a domain.
fn full_name() -> Option<String> {
    #[cfg(unix)]
    {
        let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
        Some(name).filter(|name| name.contains('.') && is_host_name(name))
    }
    #[cfg(not(unix))]
    None
}
