//! A key that session tickets are encrypted with.

use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use zeroize::Zeroize as _;

pub(super) const NAME: usize = 16;
pub(super) const SECRET: usize = 32;

/// A key as it is kept.
#[derive(Clone)]
pub(super) struct TicketKey {
    /// When it was made, seconds of the Unix epoch.
    pub(super) made: u64,
    /// What its tickets begin with.
    pub(super) name: [u8; NAME],
    pub(super) secret: [u8; SECRET],
}

impl Drop for TicketKey {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl TicketKey {
    pub(super) fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.secret).ok().map(LessSafeKey::new)
    }
}
