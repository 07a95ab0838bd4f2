//! A small mail server that keeps its mail, or misbehaves as told.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::tls::self_signed;
use crate::support::until;

/// When the server speaks TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    Never,
    AfterGreeting,
    FromTheStart,
}

/// Its behaviour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    /// Accepts connections and says nothing.
    Silent,
    /// Refuses the account, and repeats everything it was told.
    RefusesAccount,
    /// Refuses the recipient, and repeats the address.
    RefusesRecipient,
    /// Closes in the middle of the mail.
    Drops,
}

/// A mail as received.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mail {
    /// What the client called itself.
    pub(crate) greeting: String,
    /// The account, as `user:pass`.
    pub(crate) account: String,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) over_tls: bool,
}

impl Mail {
    /// A header field, decoded if it consists of encoded words (RFC 2047).
    pub(crate) fn field(&self, name: &str) -> String {
        let unfolded = self.head.replace("\r\n ", " ");
        let start = format!("{}:", name.to_ascii_lowercase());
        let line = unfolded.lines().find(|line| line.to_ascii_lowercase().starts_with(&start)).unwrap_or_default();
        let value = line.get(start.len()..).unwrap_or_default().trim();
        let mut text = Vec::new();
        for word in value.split(' ') {
            if let Some(word) = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?=")) {
                text.extend(BASE64.decode(word).unwrap());
                continue;
            }
            if !text.is_empty() {
                text.push(b' ');
            }
            text.extend(word.as_bytes());
        }
        String::from_utf8(text).unwrap()
    }
}

pub(crate) struct MailServer {
    pub(crate) port: u16,
    /// Its self-signed certificate for `localhost`.
    pub(crate) certificate: String,
    mails: Arc<Mutex<Vec<Mail>>>,
    connections: Arc<Mutex<usize>>,
}

impl MailServer {
    pub(crate) fn good() -> Self {
        MailServer::start(Tls::Never, "PLAIN LOGIN", Mood::Good)
    }

    /// Offers these authentication mechanisms.
    pub(crate) fn start(tls: Tls, ways: &'static str, mood: Mood) -> Self {
        let (certificate, config) = self_signed();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mails, connections) = (Arc::<Mutex<Vec<Mail>>>::default(), Arc::<Mutex<usize>>::default());
        let (kept, counted) = (Arc::clone(&mails), Arc::clone(&connections));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                *counted.lock().unwrap() += 1;
                let (kept, config) = (Arc::clone(&kept), Arc::clone(&config));
                std::thread::spawn(move || {
                    // Whether it fails or not, what was received is kept.
                    let _ = serve(stream, tls, ways, mood, &config, &kept);
                });
            }
        });
        MailServer { port, certificate, mails, connections }
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    pub(crate) fn wait_for_mails(&self, count: usize) -> Vec<Mail> {
        until(&format!("{count} mails"), || self.mails().len() >= count);
        self.mails()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

fn serve(
    tcp: TcpStream,
    tls: Tls,
    ways: &str,
    mood: Mood,
    config: &Arc<ServerConfig>,
    kept: &Mutex<Vec<Mail>>,
) -> io::Result<()> {
    let copy = tcp.try_clone()?;
    let encrypted =
        |tcp| -> Box<dyn Both> { Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), tcp)) };
    let plain: Box<dyn Both> = if tls == Tls::FromTheStart { encrypted(tcp) } else { Box::new(tcp) };
    let mut wire = BufReader::new(plain);
    if mood == Mood::Silent {
        wire.read_to_end(&mut Vec::new())?;
        return Ok(());
    }
    say(&mut wire, "220 mail.example ESMTP")?;
    let mut mail = Mail { over_tls: tls == Tls::FromTheStart, ..Mail::default() };
    loop {
        let line = hear(&mut wire)?;
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => {
                line.split(' ').next_back().unwrap_or_default().clone_into(&mut mail.greeting);
                let starttls = if tls == Tls::AfterGreeting && !mail.over_tls { "250-STARTTLS\r\n" } else { "" };
                say(&mut wire, &format!("250-mail.example\r\n{starttls}250-8BITMIME\r\n250 AUTH {ways}"))?;
            }
            "STARTTLS" => {
                say(&mut wire, "220 go on")?;
                wire = BufReader::new(encrypted(copy.try_clone()?));
                mail.over_tls = true;
            }
            "AUTH" => {
                mail.account = account(&mut wire, &line)?;
                if mood == Mood::RefusesAccount {
                    say(&mut wire, &format!("535 5.7.8 no such account: {}", mail.account.replace(':', " ")))?;
                } else {
                    say(&mut wire, "235 welcome")?;
                }
            }
            "MAIL" => {
                mail.from = address(&line);
                say(&mut wire, "250 fine")?;
            }
            "RCPT" if mood == Mood::RefusesRecipient => {
                say(&mut wire, &format!("550 <{}> unknown\x1b[2J", address(&line)))?;
            }
            "RCPT" => {
                mail.to.push(address(&line));
                say(&mut wire, "250 fine")?;
            }
            "DATA" => {
                say(&mut wire, "354 go on")?;
                if mood == Mood::Drops {
                    return Ok(());
                }
                let mut text = String::new();
                loop {
                    match hear(&mut wire)?.as_str() {
                        "." => break,
                        line => text.extend([line.strip_prefix('.').unwrap_or(line), "\r\n"]),
                    }
                }
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                (mail.head, mail.body) = (head.to_owned(), body.to_owned());
                kept.lock().unwrap().push(mail.clone());
                say(&mut wire, "250 taken")?;
            }
            "QUIT" => return say(&mut wire, "221 bye"),
            _ => say(&mut wire, "500 what?")?,
        }
    }
}

/// The account that an AUTH command names, as `user:pass`.
fn account(wire: &mut BufReader<Box<dyn Both>>, line: &str) -> io::Result<String> {
    let decode = |text: &str| String::from_utf8(BASE64.decode(text).unwrap()).unwrap();
    if let Some(plain) = line.strip_prefix("AUTH PLAIN ") {
        return Ok(decode(plain).trim_start_matches('\0').replace('\0', ":"));
    }
    say(wire, "334 VXNlcm5hbWU6")?;
    let user = decode(&hear(wire)?);
    say(wire, "334 UGFzc3dvcmQ6")?;
    Ok(format!("{user}:{}", decode(&hear(wire)?)))
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

fn say(wire: &mut BufReader<Box<dyn Both>>, text: &str) -> io::Result<()> {
    wire.get_mut().write_all(format!("{text}\r\n").as_bytes())?;
    wire.get_mut().flush()
}

fn hear(wire: &mut BufReader<Box<dyn Both>>) -> io::Result<String> {
    let mut line = String::new();
    if wire.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
