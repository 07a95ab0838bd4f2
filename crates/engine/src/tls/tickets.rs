//! Session tickets (RFC 5077, RFC 8446 4.6.1), which a client shows to be spared a whole handshake. They are good at every
//! worker and listener, after a reload, and where the keys can be kept in a file after a restart.

use arc_swap::ArcSwap;
use ring::aead::{Aad, NONCE_LEN, Nonce};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls::server::ProducesTickets;

use super::ticket_file;
use super::ticket_key::{NAME, SECRET, TicketKey};

/// How long tickets are made with one key.
const MAKES: Duration = Duration::from_hours(12);

/// How long after its making a key opens tickets: those made at its end are good for as long as they say.
const OPENS: Duration = Duration::from_hours(24);

/// How long a client may use a ticket.
const LIFETIME: u32 = 12 * 3600;

/// Makes and opens tickets.
pub(super) struct Tickets {
    /// The newest first, with which tickets are made.
    keys: ArcSwap<Vec<TicketKey>>,
    /// Where they are kept over a restart.
    file: Option<PathBuf>,
    random: SystemRandom,
    /// Why they are not kept over a restart, until it was told.
    trouble: Mutex<Trouble>,
}

#[derive(Default)]
struct Trouble {
    untold: Option<String>,
    was_told: bool,
}

impl Tickets {
    /// With the keys that are kept in this file. What cannot be read or written is as good as none, and is noted.
    pub(super) fn open(file: Option<PathBuf>) -> Self {
        let keys = ArcSwap::from_pointee(Vec::new());
        let tickets = Tickets { keys, file, random: SystemRandom::new(), trouble: Mutex::default() };
        if tickets.file.is_none() {
            tickets.note("there is no folder to keep them in, set HOME or XDG_DATA_HOME");
        }
        tickets.rotate();
        tickets
    }

    /// Makes a new key where one is due, and forgets those that are too old.
    pub(super) fn rotate(&self) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        self.rotate_at(now);
    }

    fn rotate_at(&self, now: u64) {
        // A clock that was set back makes keys of the future, which are as good as too old.
        let age = |key: &TicketKey| now.checked_sub(key.made).map_or(Duration::MAX, Duration::from_secs);
        let is_fresh = |keys: &[TicketKey]| keys.first().is_some_and(|key| age(key) < MAKES);
        let present = self.keys.load_full();
        if is_fresh(&present) && present.iter().all(|key| age(key) < OPENS) {
            return;
        }
        let mut keys = present.to_vec();
        // Another program may have made one; then this one uses it too.
        let kept = self.file.as_deref().map(ticket_file::read).transpose();
        let kept = kept.unwrap_or_else(|error| {
            self.note(&error);
            None
        });
        let known: Vec<_> = keys.iter().map(|key| key.name).collect();
        keys.extend(kept.flatten().unwrap_or_default().into_iter().filter(|key| !known.contains(&key.name)));
        keys.retain(|key| age(key) < OPENS);
        keys.sort_by_key(|key| std::cmp::Reverse(key.made));
        if !is_fresh(&keys) {
            keys.splice(..0, self.made(now));
            if let Some(Err(error)) = self.file.as_deref().map(|file| ticket_file::write(file, &keys)) {
                self.note(&error);
            }
        }
        self.keys.store(Arc::new(keys));
    }

    /// `None` where the system gives no random numbers.
    fn made(&self, now: u64) -> Option<TicketKey> {
        let mut key = TicketKey { made: now, name: [0; NAME], secret: [0; SECRET] };
        self.random.fill(&mut key.name).ok()?;
        self.random.fill(&mut key.secret).ok()?;
        Some(key)
    }

    fn note(&self, why: &str) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if !trouble.was_told {
            trouble.untold = Some(format!("TLS sessions do not outlive a restart, their keys cannot be kept: {why}"));
        }
    }

    /// Why the keys are not kept over a restart; only once.
    pub(super) fn take_trouble(&self) -> Option<String> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let untold = trouble.untold.take();
        trouble.was_told |= untold.is_some();
        untold
    }
}

/// A ticket is the key's name, a random nonce, and the session, encrypted with the name as additional data.
impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let keys = self.keys.load();
        let key = keys.first()?;
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut sealed = plain.to_vec();
        let cipher = key.cipher()?;
        cipher.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(key.name), &mut sealed).ok()?;
        Some([&key.name[..], &nonce, &sealed].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.name == *name)?;
        let mut opened = sealed.to_vec();
        let cipher = key.cipher()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = cipher.open_in_place(nonce, Aad::from(key.name), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn now() -> u64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970").as_secs()
    }

    #[test]
    fn a_ticket_opens_for_a_day_at_most_and_only_unchanged() {
        let tickets = Tickets::open(None);
        let ticket = tickets.encrypt(b"session").expect("a ticket");
        assert_eq!(tickets.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        for at in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[at] ^= 1;
            assert_eq!(tickets.decrypt(&changed), None, "byte {at}");
            assert_eq!(tickets.decrypt(&ticket[..at]), None, "{at} bytes");
        }
        tickets.rotate_at(now() + 13 * HOUR);
        assert_eq!(tickets.keys.load().len(), 2);
        assert!(tickets.decrypt(&ticket).is_some());
        tickets.rotate_at(now() + 25 * HOUR);
        assert!(tickets.decrypt(&ticket).is_none());
    }

    #[test]
    fn a_program_that_starts_later_opens_what_was_made_before() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("b/tickets");
        let ticket = Tickets::open(Some(file.clone())).encrypt(b"session").expect("a ticket");
        let later = Tickets::open(Some(file.clone()));
        assert_eq!(later.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        assert_eq!(later.take_trouble(), None);
        later.rotate_at(now() + 13 * HOUR);
        let ticket = later.encrypt(b"session").expect("a ticket");
        // Made in the future, so that it is as good as none now.
        assert_eq!(Tickets::open(Some(file)).decrypt(&ticket), None);
    }

    #[test]
    fn a_file_that_cannot_be_used_stays_and_is_told_of_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("tickets");
        for text in ["", "stickylb-tui tickets 1\nshort", "something else"] {
            std::fs::write(&file, text).expect("a file that can be written");
            #[cfg(unix)]
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
                .expect("a file that can be written");
            let tickets = Tickets::open(Some(file.clone()));
            assert!(tickets.decrypt(&tickets.encrypt(b"session").expect("a ticket")).is_some());
            let said = tickets.take_trouble().expect("trouble");
            assert!(said.contains("tickets: ") && said.ends_with("remove it"), "{said}");
            tickets.rotate_at(now() + 13 * HOUR);
            assert_eq!(tickets.take_trouble(), None);
            assert_eq!(std::fs::read_to_string(&file).expect("a file that can be written"), text);
        }
    }
}
