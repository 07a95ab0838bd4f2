//! Times as sentences have them.

/// A response time: `0.4 ms`, `17 ms`, `1.9 s`, `130 s`.
pub(crate) fn response_time(micros: u64) -> String {
    match micros {
        0..9_950 => format!("{}.{} ms", (micros + 50) / 1000, (micros + 50) % 1000 / 100),
        9_950..999_500 => format!("{} ms", (micros + 500) / 1000),
        999_500..99_950_000 => {
            format!("{}.{} s", (micros + 50_000) / 1_000_000, (micros + 50_000) % 1_000_000 / 100_000)
        }
        _ => format!("{} s", micros / 1_000_000),
    }
}

/// What is left of a time: `12 s`, `9:41`, `1:00:00`.
pub(super) fn time_left(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_one_can_see() {
        let times = [40, 430, 9_949, 9_950, 17_400, 999_499, 999_500, 1_900_000, 130_000_000].map(response_time);
        assert_eq!(times.join(" "), "0.0 ms 0.4 ms 9.9 ms 10 ms 17 ms 999 ms 1.0 s 1.9 s 130 s");
        assert_eq!([0, 99, 100, 581, 3600].map(time_left).join(" "), "0 s 99 s 1:40 9:41 1:00:00");
    }
}
