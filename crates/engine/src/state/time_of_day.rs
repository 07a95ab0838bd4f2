//! Converts an `Instant` to the time of day.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime};

/// How long a reading of both clocks may be reused. Limited, because the system clock may be set while the program
/// runs.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// Both clocks at one moment.
#[derive(Clone, Copy)]
struct Reading {
    read: Instant,
    time: SystemTime,
    good_until: Instant,
}

thread_local! {
    static LAST: Cell<Option<Reading>> = const { Cell::new(None) };
}

/// The time of day at a recent moment. Reads the clock at most once a second per thread.
pub(crate) fn time_of_day(moment: Instant, now: Instant) -> SystemTime {
    let Reading { read, time, .. } = LAST.get().filter(|last| now < last.good_until).unwrap_or_else(|| {
        let reading = Reading { read: now, time: SystemTime::now(), good_until: now + GOOD_FOR };
        LAST.set(Some(reading));
        reading
    });
    let told = if moment >= read { time.checked_add(moment - read) } else { time.checked_sub(read - moment) };
    told.unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_before_and_after_the_last_reading_are_told_in_their_distance() {
        let before = Instant::now();
        let now = before + Duration::from_secs(3);
        let time = time_of_day(now, now);
        let after = now + Duration::from_millis(900);
        assert_eq!(time_of_day(before, after) + Duration::from_secs(3), time);
        assert_eq!(time_of_day(after, after), time + Duration::from_millis(900));
        assert!(SystemTime::now().duration_since(time).is_ok_and(|late| late < Duration::from_mins(1)));
    }
}
