//! Times and sizes as people write them on a line: `300ms`, `1.5s`, `10m`, `10KB`.

use std::time::Duration;

/// The longest time that is understood: a day. What uses it has limits of its own.
const LONGEST: f64 = 86_400.0;

/// The time that this says, with its unit: `300ms`, `5s`, `1.5s`, `10m`.
pub fn time(word: &str) -> Option<Duration> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &word[digits.len()..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return None,
    };
    let count = number(digits)? * seconds;
    (count <= LONGEST).then(|| Duration::from_secs_f64(count))
}

/// The bytes that this says: `512`, `512B`, `10KB` (1000 bytes each), `1MB`.
pub(super) fn bytes(word: &str) -> Option<u64> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: u64 = match &word[digits.len()..] {
        "" | "B" => 1,
        "KB" | "kB" | "k" => 1_000,
        "MB" | "M" => 1_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Digits with at most one point: what `f64` takes beside that is no amount.
fn number(digits: &str) -> Option<f64> {
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| digits.parse().ok())?
}

/// A time as it is written: the largest unit that makes it whole.
pub(super) fn time_in_words(time: Duration) -> String {
    match time.as_millis() {
        0 => "0s".to_owned(),
        millis if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
        millis if millis.is_multiple_of(1000) => format!("{}s", millis / 1000),
        millis => format!("{millis}ms"),
    }
}

/// A size as it is written: the largest unit that makes it whole.
pub(super) fn bytes_in_words(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        bytes if bytes.is_multiple_of(1_000_000) => format!("{}MB", bytes / 1_000_000),
        bytes if bytes.is_multiple_of(1_000) => format!("{}KB", bytes / 1_000),
        bytes => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_was_read() {
        for word in ["300ms", "5s", "10m", "1500ms", "0s"] {
            assert_eq!(time(word).map(time_in_words).as_deref(), Some(word));
        }
        assert_eq!(time("1.5s"), Some(Duration::from_millis(1500)));
        for word in ["512B", "10KB", "1MB", "0"] {
            assert_eq!(bytes(word).map(bytes_in_words).as_deref(), Some(word));
        }
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for word in ["", "5", "s", "-1s", "1e3s", "infs", "nans", "5h", "1..2s", "100000m"] {
            assert_eq!(time(word), None, "{word}");
        }
        for word in ["", "KB", "-1", "1.5KB", "1GB", "99999999999999999999KB"] {
            assert_eq!(bytes(word), None, "{word}");
        }
    }
}
