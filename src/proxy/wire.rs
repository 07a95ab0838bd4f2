//! Looks at a client's bytes as they come, for what the HTTP library hides when it has parsed them.
//!
//! The library drops a Content-Length that follows a Transfer-Encoding, cuts a `#` and what follows from a target,
//! and counts the request line among the header bytes. Each is a way for two servers to read one request
//! differently, so the raw heads are looked at here, and a request whose head is no good is refused by its number.
//!
//! This follows the framing of RFC 9112 only as far as it needs to find the next head. Where the bytes make no sense it
//! stops looking: then the library refuses them itself.

use http::StatusCode;
use memchr::memchr;

use super::refuse::Refusal;

/// Bytes of a target, as many as `http::Uri` takes: its lengths are 16 bits, the last value marking none.
pub(super) const TARGET_LIMIT: usize = 65_534;

/// The state of one client's bytes.
pub(super) struct Wire {
    place: Place,
    /// A line's beginning, until its end comes.
    line: Vec<u8>,
    header_limit: usize,
    /// Heads seen so far.
    heads: u64,
    /// The first head that is no good, by its number.
    refusal: Option<(u64, Refusal)>,
}

enum Place {
    /// Before a request line; empty lines may come first (RFC 9112 2.2).
    Start,
    Head(Head),
    /// That many bytes of a body are to come.
    Body(u64),
    /// A line with a chunk's size is to come.
    ChunkSize,
    /// That many bytes of a chunk, and the line end behind it.
    Chunk(u64),
    Trailers,
    /// Nothing is looked at any more.
    Lost,
}

#[derive(Default)]
struct Head {
    bytes: usize,
    length: Option<u64>,
    lengths: u32,
    codings: u32,
}

impl Wire {
    pub(super) fn new(header_limit: usize) -> Self {
        Wire { place: Place::Start, line: Vec::new(), header_limit, heads: 0, refusal: None }
    }

    /// Why the request with this number, from 1, is refused, if it is.
    pub(super) fn refusal(&self, number: u64) -> Option<Refusal> {
        self.refusal.filter(|(refused, _)| *refused == number).map(|(_, refusal)| refusal)
    }

    /// Looks at the bytes that came.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.place {
                Place::Lost => return,
                Place::Body(left) | Place::Chunk(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= taken as u64;
                    bytes = &bytes[taken..];
                    if *left == 0 {
                        let chunked = matches!(self.place, Place::Chunk(_));
                        self.place = if chunked { Place::ChunkSize } else { Place::Start };
                    }
                }
                _ => match memchr(b'\n', bytes) {
                    Some(end) if self.line.is_empty() => {
                        self.whole_line(&bytes[..end]);
                        bytes = &bytes[end + 1..];
                    }
                    Some(end) => {
                        let mut line = std::mem::take(&mut self.line);
                        line.extend_from_slice(&bytes[..end]);
                        self.whole_line(&line);
                        bytes = &bytes[end + 1..];
                    }
                    None => {
                        self.line.extend_from_slice(bytes);
                        // A request line or a field of this length is refused by the library.
                        if self.line.len() > self.header_limit + TARGET_LIMIT {
                            self.place = Place::Lost;
                            self.line = Vec::new();
                        }
                        return;
                    }
                },
            }
        }
    }

    /// One line, without its end.
    fn whole_line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match &mut self.place {
            Place::Start if line.is_empty() => {}
            Place::Start => {
                self.heads += 1;
                if let Err(refusal) = request_line(line) {
                    self.refuse(refusal);
                } else {
                    self.place = Place::Head(Head::default());
                }
            }
            Place::Head(_) if line.is_empty() => self.head_ended(),
            Place::Head(head) => {
                head.bytes += line.len() + 2;
                head.field(line);
                if head.bytes > self.header_limit {
                    let why = "The request's header fields are larger than limits.headerBytes.";
                    self.refuse(Refusal { status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, why });
                }
            }
            Place::ChunkSize => self.place = chunk(line),
            Place::Trailers if line.is_empty() => self.place = Place::Start,
            Place::Trailers | Place::Body(_) | Place::Chunk(_) | Place::Lost => {}
        }
    }

    fn head_ended(&mut self) {
        let Place::Head(head) = std::mem::replace(&mut self.place, Place::Start) else { return };
        // RFC 9112 6.1: whoever honours only one of the two sees another request than the rest do.
        if head.lengths > 0 && head.codings > 0 {
            let why = "The request has both Content-Length and Transfer-Encoding.";
            self.refuse(Refusal { status: StatusCode::BAD_REQUEST, why });
        } else if head.codings > 0 {
            self.place = Place::ChunkSize;
        } else if head.lengths > 0 {
            self.place =
                head.length.map_or(Place::Lost, |left| if left == 0 { Place::Start } else { Place::Body(left) });
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusal = self.refusal.or(Some((self.heads, refusal)));
        // A refused request is the connection's last.
        self.place = Place::Lost;
        self.line = Vec::new();
    }
}

impl Head {
    /// Notes the two fields that frame a body.
    fn field(&mut self, line: &[u8]) {
        // Most fields are told apart by their first byte.
        match line[0] | 0x20 {
            b'c' => {
                if let Some(value) = value_of(line, b"content-length") {
                    self.lengths += 1;
                    self.length = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                }
            }
            b't' => self.codings += u32::from(value_of(line, b"transfer-encoding").is_some()),
            _ => {}
        }
    }
}

/// RFC 9112 3: what the library repairs in silence.
fn request_line(line: &[u8]) -> Result<(), Refusal> {
    let bad = |why| Err(Refusal { status: StatusCode::BAD_REQUEST, why });
    let mut words = line.split(|b| *b == b' ');
    let Some(target) = words.nth(1) else { return Ok(()) };
    if target.len() > TARGET_LIMIT {
        let why = "The request's target is longer than 64 KB.";
        return Err(Refusal { status: StatusCode::URI_TOO_LONG, why });
    }
    if memchr(b'#', target).is_some() {
        return bad("The request's target has a fragment: a # stands in no target.");
    }
    Ok(())
}

fn value_of<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (found, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":").filter(|_| found.eq_ignore_ascii_case(name))?;
    Some(value.trim_ascii())
}

/// Where a chunk-size line leads; extensions are passed over (RFC 9112 7.1.1).
fn chunk(line: &[u8]) -> Place {
    let digits = line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    match std::str::from_utf8(digits).ok().and_then(|hex| u64::from_str_radix(hex, 16).ok()) {
        Some(0) => Place::Trailers,
        // The line end behind the data; a bare LF there is refused by the library.
        Some(size) if size < u64::MAX - 2 => Place::Chunk(size + 2),
        _ => Place::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET #\
        POST /b HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\n\r\n5;x=#\r\nhello\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n\
        \r\nGET /c HTTP/1.1\r\nContent-Length: 0\r\n\r\n";

    fn refused(bytes: &[u8], cut: usize) -> (u64, Option<StatusCode>) {
        let mut wire = Wire::new(1000);
        for piece in bytes.chunks(cut) {
            wire.follow(piece);
        }
        (wire.heads, wire.refusal(wire.heads).map(|refusal| refusal.status))
    }

    #[test]
    fn heads_are_found_behind_bodies_however_the_bytes_are_cut() {
        for cut in [1, 2, 3, 7, 50, GOOD.len()] {
            assert_eq!(refused(GOOD, cut), (3, None), "{cut}");
        }
    }

    #[test]
    fn the_first_bad_head_is_refused_by_its_number() {
        for (bad, status) in [
            ("GET /#x HTTP/1.1\r\nHost: x\r\n\r\n", StatusCode::BAD_REQUEST),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", StatusCode::BAD_REQUEST),
            ("GET / HTTP/1.1\r\nContent-Length: 3\r\nTRANSFER-ENCODING:chunked\r\n\r\n", StatusCode::BAD_REQUEST),
        ] {
            let bytes = [GOOD, bad.as_bytes()].concat();
            for cut in [1, 5, bytes.len()] {
                assert_eq!(refused(&bytes, cut), (4, Some(status)), "{bad} {cut}");
            }
        }
        let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1000));
        assert_eq!(refused(long.as_bytes(), 100), (1, Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)));
        let far = format!("GET /{} HTTP/1.1\r\n", "y".repeat(TARGET_LIMIT));
        assert_eq!(refused(far.as_bytes(), 4096), (1, Some(StatusCode::URI_TOO_LONG)));
    }

    #[test]
    fn no_bytes_make_it_panic_or_grow() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..2000 {
            let mut wire = Wire::new(100);
            for _ in 0..20 {
                let mut bytes: Vec<u8> = (0..random.usize(0..40)).map(|_| random.u8(..)).collect();
                let words: [&[u8]; 6] = [
                    b"\r\n",
                    b"\n",
                    b"GET / H\r\n",
                    b"Content-Length: 9\r\n",
                    b"ffffffffffffffff\r\n",
                    b"transfer-encoding:\r\n",
                ];
                bytes.extend_from_slice(words[random.usize(..words.len())]);
                wire.follow(&bytes);
            }
            assert!(wire.line.len() <= 100 + TARGET_LIMIT + 100);
        }
    }
}
