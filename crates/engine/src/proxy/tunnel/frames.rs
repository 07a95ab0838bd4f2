//! Where WebSocket frames begin and end (RFC 6455 5.2), so that a tunnel can be closed between two of them.

/// A close frame from a server: 1001, going away.
pub(crate) const GOING_AWAY: [u8; 4] = [0x88, 0x02, 0x03, 0xe9];

/// Follows one direction of a WebSocket by its frames' headers; the payload is only counted.
#[derive(Default)]
pub(crate) struct Frames {
    /// Payload bytes of the present frame still to come.
    payload: u64,
    /// The present frame's header as far as it has come: at most 2 + 8 + 4 bytes.
    header: [u8; 14],
    filled: usize,
    /// A close frame has gone by.
    closed: bool,
}

impl Frames {
    pub(crate) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let of_payload = self.payload.min(bytes.len() as u64);
            if of_payload > 0 {
                self.payload -= of_payload;
                bytes = &bytes[usize::try_from(of_payload).unwrap_or(bytes.len())..];
                continue;
            }
            self.header[self.filled] = bytes[0];
            self.filled += 1;
            bytes = &bytes[1..];
            if let Some(payload) = self.whole_header() {
                self.closed |= self.header[0] & 0x0f == 0x8;
                self.payload = payload;
                self.filled = 0;
            }
        }
    }

    /// The payload's length, once the header is complete.
    fn whole_header(&self) -> Option<u64> {
        if self.filled < 2 {
            return None;
        }
        let mask = if self.header[1] & 0x80 == 0 { 0 } else { 4 };
        let (length, bytes) = match self.header[1] & 0x7f {
            126 => (2, &self.header[2..4]),
            127 => (8, &self.header[2..10]),
            short => return (self.filled == 2 + mask).then_some(u64::from(short)),
        };
        let whole = self.filled == 2 + length + mask;
        whole.then(|| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// Whether a frame may be put in here: the last one is whole, and none said goodbye.
    pub(crate) fn is_between(&self) -> bool {
        self.payload == 0 && self.filled == 0 && !self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![0x82];
        match length {
            0..126 => frame.push(mask | u8::try_from(length).expect("short")),
            126..65_536 => {
                frame.push(mask | 0x7e);
                frame.extend(u16::try_from(length).expect("medium").to_be_bytes());
            }
            _ => {
                frame.push(mask | 0x7f);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(vec![7; if masked { 4 } else { 0 } + length]);
        frame
    }

    #[test]
    fn the_end_of_each_frame_is_found_however_the_bytes_are_cut() {
        for masked in [false, true] {
            let lengths = [0, 1, 125, 126, 65_535, 65_536, 3];
            let bytes: Vec<u8> = lengths.iter().flat_map(|length| frame(*length, masked)).collect();
            for cut in [1, 2, 3, 7, 1000, bytes.len()] {
                let mut frames = Frames::default();
                let mut ends = 0;
                for piece in bytes.chunks(cut) {
                    frames.follow(piece);
                    ends += usize::from(frames.is_between());
                }
                assert!(frames.is_between(), "{cut}");
                assert!(cut > 1 || ends == lengths.len(), "{cut}: {ends}");
            }
        }
    }

    #[test]
    fn in_the_middle_of_a_frame_nothing_may_be_put_in() {
        let mut frames = Frames::default();
        frames.follow(&frame(10, false)[..5]);
        assert!(!frames.is_between());
    }

    #[test]
    fn after_a_close_frame_nothing_may_follow() {
        let mut frames = Frames::default();
        frames.follow(&GOING_AWAY);
        assert!(!frames.is_between());
    }
}
