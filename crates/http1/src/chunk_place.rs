//! Where in a chunked body its bytes are (RFC 9112 7.1), and what may come there.

use super::piece::Piece;

/// Hexadecimal digits of a size: as many as 64 bits have.
const DIGITS: u8 = 16;

/// The largest size: servers that store it in a signed integer would read a larger one as negative.
const LARGEST: u64 = i64::MAX as u64;

/// Why a chunked body is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum BadChunk {
    #[error("a chunk's size is malformed")]
    Size,
    #[error("a chunk does not end where its size says")]
    End,
    #[error("the chunks' extensions are too long")]
    Extensions,
    #[error("the trailer fields are malformed")]
    Trailers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expecting {
    /// In a size; so many digits of it have come.
    Size(u8),
    /// In the blanks behind a size, with which some servers fill up its line.
    Blank,
    /// In a chunk's extensions, which end with the line.
    Extension,
    /// The line feed behind a size.
    SizeEnd,
    Data,
    /// The line end behind a chunk's data.
    DataReturn,
    DataEnd,
    /// At the first byte behind the last chunk: an empty line, or the first trailer field.
    Trailers,
    /// The line feed of that empty line.
    LastEnd,
    /// In the trailer section.
    Trailer,
    Done,
}

/// A place in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) expecting: Expecting,
    /// Of the current chunk: its size while that is read, then the bytes still to come.
    pub(crate) left: u64,
}

impl Place {
    /// Behind the last chunk and its trailers.
    pub(crate) fn is_end(self) -> bool {
        self.expecting == Expecting::Done
    }

    /// Before a chunk's first byte.
    pub(crate) const BETWEEN: Place = Place { expecting: Expecting::Size(0), left: 0 };

    /// Decodes one byte of framing; `false` where the byte begins something else and is to be read again.
    pub(crate) fn step(&mut self, byte: u8) -> Result<bool, BadChunk> {
        self.expecting = match (self.expecting, byte) {
            (Expecting::Size(digits), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                if digits == DIGITS {
                    return Err(BadChunk::Size);
                }
                let digit = (byte as char).to_digit(16).unwrap_or(0);
                self.left = self.left << 4 | u64::from(digit);
                if self.left > LARGEST {
                    return Err(BadChunk::Size);
                }
                Expecting::Size(digits + 1)
            }
            (Expecting::Size(1..) | Expecting::Blank, b'\r') => Expecting::SizeEnd,
            (Expecting::Size(1..) | Expecting::Blank, b';') => {
                self.expecting = Expecting::Extension;
                return Ok(false);
            }
            (Expecting::Size(1..), b' ' | b'\t') => {
                self.expecting = Expecting::Blank;
                return Ok(false);
            }
            (Expecting::SizeEnd, b'\n') => {
                if self.left == 0 {
                    Expecting::Trailers
                } else {
                    Expecting::Data
                }
            }
            (Expecting::DataReturn, b'\r') => Expecting::DataEnd,
            (Expecting::DataEnd, b'\n') => Expecting::Size(0),
            (Expecting::Trailers, b'\r') => Expecting::LastEnd,
            (Expecting::LastEnd, b'\n') => Expecting::Done,
            (Expecting::Trailers, _) => {
                self.expecting = Expecting::Trailer;
                return Ok(false);
            }
            (Expecting::Size(_) | Expecting::Blank | Expecting::SizeEnd, _) => return Err(BadChunk::Size),
            (Expecting::LastEnd, _) => return Err(BadChunk::Trailers),
            _ => return Err(BadChunk::End),
        };
        Ok(true)
    }

    /// Decodes a line of framing that is there as a whole and has nothing but what it needs; says how long it is. Others are
    /// decoded byte by byte.
    pub(crate) fn line(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.expecting {
            Expecting::Size(0) => {
                let mut size = 0;
                for (at, byte) in bytes.iter().take(usize::from(DIGITS)).enumerate() {
                    let digit = match byte {
                        b'0'..=b'9' => byte - b'0',
                        b'a'..=b'f' => byte - b'a' + 10,
                        b'A'..=b'F' => byte - b'A' + 10,
                        // Of fewer digits than the most: it is not too large.
                        b'\r' if at > 0 && bytes.get(at + 1) == Some(&b'\n') => {
                            self.left = size;
                            self.expecting = if size == 0 { Expecting::Trailers } else { Expecting::Data };
                            return Some(at + 2);
                        }
                        _ => return None,
                    };
                    size = size << 4 | u64::from(digit);
                }
                None
            }
            Expecting::DataReturn if bytes.starts_with(b"\r\n") => {
                self.expecting = Expecting::Size(0);
                Some(2)
            }
            Expecting::Trailers if bytes.starts_with(b"\r\n") => {
                self.expecting = Expecting::Done;
                Some(2)
            }
            _ => None,
        }
    }

    /// Takes the next piece off chunks that were decoded before, and of which only what is passed on is left.
    pub(crate) fn take_apart<'b>(&mut self, chunks: &mut &'b [u8]) -> Option<Piece<'b>> {
        while let [byte, behind @ ..] = *chunks {
            match self.expecting {
                Expecting::Data => {
                    let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(chunks.len());
                    let (data, behind) = chunks.split_at(length);
                    *chunks = behind;
                    self.left -= length as u64;
                    if self.left == 0 {
                        self.expecting = Expecting::DataReturn;
                    }
                    return Some(Piece::Data(data));
                }
                Expecting::Trailer => {
                    self.expecting = Expecting::Done;
                    let fields = std::mem::take(chunks);
                    return Some(if fields == b"\r\n" { Piece::End } else { Piece::Trailers(fields) });
                }
                _ => {}
            }
            if let Some(length) = self.line(chunks) {
                *chunks = &chunks[length..];
            } else if self.step(*byte).ok()? {
                // What is malformed did not get here.
                *chunks = behind;
            }
            if self.expecting == Expecting::Done {
                return Some(Piece::End);
            }
        }
        None
    }
}
