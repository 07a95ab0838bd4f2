//! What a TLS session asks for, step by step, over buffers that are not its own.

use std::io;
use tokio_rustls::rustls::Error;
use tokio_rustls::rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use tokio_rustls::rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, UnbufferedStatus, WriteTraffic,
};

/// Most messages of the protocol's own that are taken out after an error: its alert, and what waited before that.
const LAST_WORDS: usize = 16;

/// How long an alert is that TLS 1.3 encrypts: header, level, description, content type and tag.
const ENCRYPTED_ALERT: usize = 5 + 2 + 1 + 16;

/// Plain bytes in one record (RFC 8446 5.1).
const FRAGMENT: usize = 1 << 14;

/// What is added to each: header, nonce, content type and tag of any suite.
const OVERHEAD: usize = 64;

/// A session that may send.
pub(super) type Traffic<'t> = WriteTraffic<'t, ServerConnectionData>;

/// How far a session has come.
pub(super) struct Driven {
    /// Bytes of what came that are used up.
    pub(super) used: usize,
    /// The other side has said that nothing more comes.
    pub(super) has_ended: bool,
    /// What became of what was to be written; `None` where the session may not send yet, or no more.
    pub(super) written: Option<io::Result<()>>,
}

/// Takes in what came, shows `decrypted` what was in it, appends to `out` what the protocol has to say, and at last lets
/// `write` encrypt where that is possible.
///
/// # Errors
/// What came is malformed; with it, how many bytes of it were used before.
pub(super) fn drive(
    session: &mut UnbufferedServerConnection,
    came: &mut [u8],
    out: &mut Vec<u8>,
    mut decrypted: impl FnMut(&[u8]),
    write: impl FnOnce(&mut Traffic<'_>, &mut Vec<u8>) -> io::Result<()>,
) -> Result<Driven, (Error, usize)> {
    let mut driven = Driven { used: 0, has_ended: false, written: None };
    loop {
        let UnbufferedStatus { mut discard, state } = session.process_tls_records(&mut came[driven.used..]);
        let is_done = match state.map_err(|error| (error, driven.used))? {
            ConnectionState::ReadTraffic(mut records) => {
                while let Some(record) = records.next_record() {
                    let record = record.map_err(|error| (error, driven.used))?;
                    discard += record.discard;
                    decrypted(record.payload);
                }
                false
            }
            ConnectionState::EncodeTlsData(data) => {
                encode(data, out);
                false
            }
            // It goes out before whatever is written later.
            ConnectionState::TransmitTlsData(data) => {
                data.done();
                false
            }
            ConnectionState::PeerClosed => {
                driven.has_ended = true;
                false
            }
            ConnectionState::WriteTraffic(mut traffic) => {
                driven.written = Some(write(&mut traffic, out));
                driven.used += discard;
                return Ok(driven);
            }
            // Early data is never allowed.
            _ => true,
        };
        driven.used += discard;
        if is_done {
            return Ok(driven);
        }
    }
}

/// Appends the alert that tells of an error, which [`drive`] has found at the beginning of what came.
pub(super) fn alert(session: &mut UnbufferedServerConnection, came: &mut [u8], out: &mut Vec<u8>) {
    for _ in 0..LAST_WORDS {
        match session.process_tls_records(came).state {
            Ok(ConnectionState::EncodeTlsData(data)) => {
                let at = out.len();
                encode(data, out);
                // Nothing comes after it, and asked again the session would find the same error.
                if is_alert(&out[at..]) {
                    return;
                }
            }
            _ => return,
        }
    }
}

fn is_alert(record: &[u8]) -> bool {
    match record {
        [0x15, ..] => true,
        [0x17, ..] => record.len() == ENCRYPTED_ALERT,
        _ => false,
    }
}

/// Appends a message of the protocol's own.
fn encode(mut data: EncodeTlsData<'_, ServerConnectionData>, out: &mut Vec<u8>) {
    let at = out.len();
    if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = data.encode(&mut []) {
        out.resize(at + required_size, 0);
        let written = data.encode(&mut out[at..]).unwrap_or_default();
        out.truncate(at + written);
    }
}

/// Appends these bytes, encrypted.
pub(super) fn encrypt(traffic: &mut Traffic<'_>, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let room = bytes.len() + (bytes.len() / FRAGMENT + 1) * OVERHEAD;
    into(out, room, |room| traffic.encrypt(bytes, room))
}

/// Appends that nothing more comes (`close_notify`).
pub(super) fn close(traffic: &mut Traffic<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    into(out, OVERHEAD, |room| traffic.queue_close_notify(room))
}

/// Lets `write` fill so many bytes behind what is there, and more where it needs them.
fn into(
    out: &mut Vec<u8>,
    mut room: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, EncryptError>,
) -> io::Result<()> {
    let at = out.len();
    loop {
        out.resize(at + room, 0);
        match write(&mut out[at..]) {
            Ok(written) => {
                out.truncate(at + written);
                return Ok(());
            }
            Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) if required_size > room => {
                room = required_size;
            }
            Err(error) => {
                out.truncate(at);
                return Err(io::Error::other(error));
            }
        }
    }
}
