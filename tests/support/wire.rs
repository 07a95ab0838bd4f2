//! Reads HTTP/1.1 messages from a socket, byte for byte.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use super::patience::{PATIENCE, Wait};

/// Start line and header fields, in order, with names in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) start: String,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
}

impl Head {
    fn parse(bytes: &[u8]) -> Self {
        let mut lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let start = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        Head { start, fields: lines.filter(|line| !line.is_empty()).map(field).collect() }
    }

    /// The first field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    /// Every field of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        all(&self.fields, name)
    }

    fn is_chunked(&self) -> bool {
        self.all("transfer-encoding").iter().any(|v| v.to_ascii_lowercase().contains("chunked"))
    }

    fn length(&self) -> Option<usize> {
        self.get("content-length").map(|v| v.parse().unwrap())
    }
}

pub(crate) fn all(fields: &[(String, Vec<u8>)], name: &str) -> Vec<String> {
    let of_name = fields.iter().filter(|(n, _)| n == name);
    of_name.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
}

fn field(line: &[u8]) -> (String, Vec<u8>) {
    let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
    let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
    (name, line.get(colon + 1..).unwrap_or_default().trim_ascii().to_vec())
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(usize),
    Chunked,
    Close,
}

/// A body as it was received.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    /// Whether it reached its proper end.
    pub(crate) complete: bool,
}

/// A socket, bytes read from it and not used yet, and a record of all bytes read.
pub(crate) struct Wire<S = TcpStream> {
    pub(crate) stream: S,
    buffer: Vec<u8>,
    record: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, record: Arc<Mutex<Vec<u8>>>) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Wire::over(stream, record)
    }

    /// The framing of a request's body (RFC 9112 6.3).
    pub(crate) fn request_framing(head: &Head) -> Framing {
        match head.length() {
            _ if head.is_chunked() => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::None,
        }
    }

    /// The framing of a response's body (RFC 9112 6.3).
    pub(crate) fn response_framing(head: &Head, status: u16, to_head: bool) -> Framing {
        match head.length() {
            _ if to_head || status == 204 || status == 304 || status < 200 => Framing::None,
            _ if head.is_chunked() => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::Close,
        }
    }
}

impl<S: Read + Write> Wire<S> {
    /// Over a stream that is set up already.
    pub(crate) fn over(stream: S, record: Arc<Mutex<Vec<u8>>>) -> Self {
        Wire { stream, buffer: Vec::new(), record }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads what is available; 0 at the end.
    pub(crate) fn fill(&mut self) -> io::Result<usize> {
        let mut piece = [0; 16 * 1024];
        let read = self.stream.read(&mut piece)?;
        self.record.lock().unwrap().extend_from_slice(&piece[..read]);
        self.buffer.extend_from_slice(&piece[..read]);
        Ok(read)
    }

    /// Removes and returns the bytes that were read and not used.
    pub(crate) fn take_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// The next head; `None` if the other side has ended the connection instead.
    pub(crate) fn head(&mut self) -> io::Result<Option<Head>> {
        let wait = Wait::begin();
        loop {
            wait.check()?;
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..at + 4).collect();
                return Ok(Some(Head::parse(&head)));
            }
            if self.fill()? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Reads a body. If it ends early, the part received is returned, and `complete` is `false`.
    pub(crate) fn body(&mut self, framing: Framing) -> Body {
        let mut body = Body::default();
        let result = match framing {
            Framing::None => Ok(()),
            Framing::Length(length) => self.exactly(length, &mut body.bytes),
            Framing::Chunked => self.chunked(&mut body),
            Framing::Close => self.read_rest(&mut body.bytes),
        };
        body.complete = result.is_ok();
        body
    }

    /// Reads `count` bytes.
    pub(crate) fn exactly(&mut self, count: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let mut left = count;
        loop {
            let now = left.min(self.buffer.len());
            into.extend(self.buffer.drain(..now));
            left -= now;
            if left == 0 {
                return Ok(());
            }
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads `count` bytes that must all be `expected`, and keeps none: for bodies too large for memory.
    pub(crate) fn exactly_filled(&mut self, mut count: usize, expected: u8) -> io::Result<()> {
        let mut piece = vec![0; 1 << 20];
        while count > 0 {
            let read = if self.buffer.is_empty() {
                let most = count.min(piece.len());
                self.stream.read(&mut piece[..most])?
            } else {
                let most = count.min(piece.len()).min(self.buffer.len());
                piece[..most].copy_from_slice(&self.buffer[..most]);
                self.buffer.drain(..most);
                most
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            assert!(piece[..read].iter().all(|byte| *byte == expected), "other bytes than were sent");
            count -= read;
        }
        Ok(())
    }

    /// Reads until the other side ends the connection.
    pub(crate) fn read_rest(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        let wait = Wait::begin();
        loop {
            wait.check()?;
            into.append(&mut self.buffer);
            if self.fill()? == 0 {
                return Ok(());
            }
        }
    }

    fn line(&mut self, wait: &Wait) -> io::Result<Vec<u8>> {
        loop {
            wait.check()?;
            if let Some(at) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                let mut line: Vec<u8> = self.buffer.drain(..at + 2).collect();
                line.truncate(at);
                return Ok(line);
            }
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn chunked(&mut self, body: &mut Body) -> io::Result<()> {
        let bad = || io::Error::from(io::ErrorKind::InvalidData);
        let wait = Wait::begin();
        loop {
            let line = self.line(&wait)?;
            let size = std::str::from_utf8(&line).ok().and_then(|s| usize::from_str_radix(s, 16).ok());
            let size = size.ok_or_else(bad)?;
            if size == 0 {
                break;
            }
            self.exactly(size, &mut body.bytes)?;
            if !self.line(&wait)?.is_empty() {
                return Err(bad());
            }
        }
        loop {
            let line = self.line(&wait)?;
            if line.is_empty() {
                return Ok(());
            }
            body.trailers.push(field(&line));
        }
    }
}
