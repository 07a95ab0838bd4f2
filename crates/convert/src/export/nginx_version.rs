//! Versions of nginx, which decide what can be written for it.

/// A version of nginx.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NginxVersion([u16; 3]);

impl NginxVersion {
    /// The first one that binds clients by a cookie (`sticky`), and takes a weight of 0 as draining.
    pub const STICKY: NginxVersion = NginxVersion([1, 29, 6]);
    /// The first one that counts header fields (`max_headers`).
    pub const MAX_HEADERS: NginxVersion = NginxVersion([1, 29, 8]);
    /// The first one that chooses by the time of answers (`least_time`).
    pub const LEAST_TIME: NginxVersion = NginxVersion([1, 31, 0]);
}

impl Default for NginxVersion {
    /// The newest that this program was tried with.
    fn default() -> Self {
        NginxVersion([1, 31, 3])
    }
}

impl std::fmt::Display for NginxVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl std::str::FromStr for NginxVersion {
    type Err = String;

    /// `1.22` or `1.22.1`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = [0; 3];
        let mut given = text.split('.');
        let number = |part: &str| part.parse().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()));
        let wrong = || format!("'{text}' is not a version of nginx: write 1.22 or 1.29.6");
        for (number_of, part) in parts.iter_mut().enumerate() {
            match given.next() {
                Some(text) => *part = number(text).ok_or_else(wrong)?,
                None if number_of == 2 => {}
                None => return Err(wrong()),
            }
        }
        if given.next().is_some() { Err(wrong()) } else { Ok(NginxVersion(parts)) }
    }
}
