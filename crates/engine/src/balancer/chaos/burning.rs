//! One fault that burns at one backend.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

use super::matching::Matching;
use crate::api::{Chaos, ChaosKind, ChaosTouch, ChaosView};
use crate::untrusted::Untrusted;

/// Who asks a backend.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// A client.
    Request,
    /// A health check.
    Check,
}

/// A fault that burns. Workers draw from it without a lock.
pub(crate) struct Burning {
    pub(crate) fault: Chaos,
    /// What a request is told that it touched.
    told: ChaosTouch,
    matching: Option<Matching>,
    seed: u64,
    began: Instant,
    /// When it ends by itself.
    pub(crate) until: Instant,
    /// Requests it was drawn for, and checks: each has a row of its own, so that a seed touches the same requests however
    /// many checks come between them.
    drawn: [AtomicU64; 2],
    touched: AtomicU64,
    /// It has ended before its time.
    pub(crate) over: Notify,
}

/// What becomes of one request or check.
pub(crate) struct Touch {
    /// What happens to it, with nothing left to be drawn: a latency without ±, and [`ChaosKind::Refuse`] for one that is
    /// flaky and off now.
    pub(crate) kind: ChaosKind,
    /// The same as is told of it.
    pub(crate) told: ChaosTouch,
}

impl Burning {
    /// This fault at the backend of this name, from now on.
    ///
    /// # Errors
    /// What of it makes no sense, as one sentence.
    pub(crate) fn new(fault: Chaos, backend: &Untrusted<String>, now: Instant) -> Result<Self, String> {
        // From another program a fault comes as JSON: what could not be written as a line is none. Only its match may hold
        // what a line cannot.
        Chaos { matching: None, ..fault.clone() }.to_string().parse::<Chaos>()?;
        Ok(Burning {
            told: ChaosTouch { backend: backend.clone(), fault: fault.kind.in_words().into() },
            matching: fault.matching.as_ref().map(|text| Matching::new(text.raw())).transpose()?,
            seed: fault.seed.unwrap_or_else(|| fastrand::u64(..)),
            began: now,
            until: now + Duration::from_millis(fault.fuse_millis),
            drawn: [AtomicU64::new(0), AtomicU64::new(0)],
            touched: AtomicU64::new(0),
            over: Notify::new(),
            fault,
        })
    }

    /// It in words: `latency 300 ms`.
    pub(crate) fn words(&self) -> &Untrusted<String> {
        &self.told.fault
    }

    /// Draws whether it touches this one.
    pub(crate) fn touch(&self, asks: Asks, method: &[u8], path: &[u8], now: Instant) -> Option<Touch> {
        let fault = &self.fault;
        // What is counted by `first` is requests: a check would take the place of one.
        let spares = asks == Asks::Check && (fault.spares_checks || fault.first.is_some());
        if now >= self.until || spares || !self.matching.as_ref().is_none_or(|these| these.holds(method, path)) {
            return None;
        }
        let mut rng = self.draw(asks);
        let is_drawn = rng.u8(0..100) < fault.share;
        let kind = match fault.kind {
            ChaosKind::Latency { millis, jitter_millis } => {
                let least = millis.saturating_sub(jitter_millis);
                ChaosKind::Latency { millis: rng.u64(least..=millis + jitter_millis), jitter_millis: 0 }
            }
            ChaosKind::Flaky { up_millis, down_millis } => {
                let since = u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX);
                if since % (up_millis + down_millis) < up_millis {
                    return None;
                }
                ChaosKind::Refuse
            }
            ref other => other.clone(),
        };
        let most = fault.first.unwrap_or(u64::MAX);
        let touched = is_drawn
            && self.touched.fetch_update(Relaxed, Relaxed, |touched| (touched < most).then_some(touched + 1)).is_ok();
        touched.then(|| Touch { kind, told: self.told.clone() })
    }

    /// The next one's random numbers: by its place in its row alone, whichever worker has it.
    fn draw(&self, asks: Asks) -> fastrand::Rng {
        let row = usize::from(asks == Asks::Check);
        let place = self.drawn[row].fetch_add(1, Relaxed);
        // An odd factor, so that neighbours have seeds far apart.
        fastrand::Rng::with_seed((self.seed ^ row as u64).wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// As the snapshot shows it.
    pub(crate) fn view(&self, now: Instant) -> ChaosView {
        let left = self.until.saturating_duration_since(now).as_millis();
        ChaosView {
            fault: self.fault.clone(),
            words: self.words().clone(),
            left_millis: u64::try_from(left).unwrap_or(u64::MAX),
            touched: self.touched.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burning(line: &str, now: Instant) -> Burning {
        Burning::new(line.parse().expect(line), &"bravo".into(), now).expect(line)
    }

    fn row(line: &str, asks: Asks, count: usize) -> Vec<bool> {
        let now = Instant::now();
        let burning = burning(line, now);
        (0..count).map(|_| burning.touch(asks, b"GET", b"/", now).is_some()).collect()
    }

    #[test]
    fn a_seed_touches_the_same_requests_and_about_its_share_of_them() {
        let touched = row("hang share=30% seed=7", Asks::Request, 1000);
        assert_eq!(touched, row("hang share=30% seed=7", Asks::Request, 1000));
        assert_ne!(touched, row("hang share=30% seed=8", Asks::Request, 1000));
        let count = touched.iter().filter(|touched| **touched).count();
        assert!((250..350).contains(&count), "{count}");
        assert!(row("hang share=0%", Asks::Request, 1000).iter().all(|touched| !touched));
        assert!(row("hang", Asks::Request, 1000).iter().all(|touched| *touched));
    }

    #[test]
    fn checks_between_them_change_nothing_for_requests() {
        let now = Instant::now();
        let burning = burning("hang share=50% seed=3", now);
        let touched: Vec<bool> = (0..100)
            .map(|_| {
                burning.touch(Asks::Check, b"GET", b"/health", now);
                burning.touch(Asks::Request, b"GET", b"/", now).is_some()
            })
            .collect();
        assert_eq!(touched, row("hang share=50% seed=3", Asks::Request, 100));
    }

    #[test]
    fn the_first_so_many_are_exactly_so_many_whichever_thread_has_them() {
        let now = Instant::now();
        let burning = burning("hang first=20 share=50%", now);
        let of_thread = || (0..500).filter(|_| burning.touch(Asks::Request, b"GET", b"/", now).is_some()).count();
        let touched: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(of_thread)).collect();
            threads.into_iter().map(|thread| thread.join().expect("it ends")).sum()
        });
        assert_eq!((touched, burning.view(now).touched), (20, 20));
    }

    #[test]
    fn checks_are_spared_where_that_is_said_and_where_requests_are_counted() {
        assert!(row("hang", Asks::Check, 3).iter().all(|touched| *touched));
        for line in ["hang checks=spare", "hang first=2"] {
            assert!(row(line, Asks::Check, 3).iter().all(|touched| !touched), "{line}");
        }
    }

    #[test]
    fn a_flaky_one_begins_up_and_a_fuse_ends_it_to_the_moment() {
        let now = Instant::now();
        let flaky = burning("flaky up=2s down=1s for=10s", now);
        let kind_at = |millis: u64| {
            let at = now + Duration::from_millis(millis);
            flaky.touch(Asks::Request, b"GET", b"/", at).map(|touch| touch.kind)
        };
        for (millis, down) in [(0, false), (1999, false), (2000, true), (2999, true), (3000, false), (8999, true)] {
            assert_eq!(kind_at(millis), down.then_some(ChaosKind::Refuse), "{millis}");
        }
        let refusing = burning("refuse for=1s", now);
        let touches =
            |millis| refusing.touch(Asks::Request, b"GET", b"/", now + Duration::from_millis(millis)).is_some();
        assert!(touches(999) && !touches(1000));
        assert_eq!(refusing.view(now + Duration::from_millis(400)).left_millis, 600);
    }

    #[test]
    fn a_latency_is_drawn_within_its_bounds() {
        let now = Instant::now();
        let late = burning("latency 300ms±50 seed=1", now);
        let millis: Vec<u64> = (0..200)
            .filter_map(|_| match late.touch(Asks::Request, b"GET", b"/", now)?.kind {
                ChaosKind::Latency { millis, jitter_millis: 0 } => Some(millis),
                _ => None,
            })
            .collect();
        assert!(millis.len() == 200 && millis.iter().all(|millis| (250..=350).contains(millis)), "{millis:?}");
        assert!(millis.iter().any(|millis| *millis < 280) && millis.iter().any(|millis| *millis > 320));
    }

    #[test]
    fn what_no_line_could_say_is_refused() {
        let (now, name) = (Instant::now(), "bravo".into());
        let fault = |kind| Chaos::new(kind);
        for wrong in [
            fault(ChaosKind::Error { status: 200 }),
            fault(ChaosKind::Slow { bytes_per_second: 0 }),
            fault(ChaosKind::Flaky { up_millis: 0, down_millis: 0 }),
            Chaos { fuse_millis: 3_600_000, ..fault(ChaosKind::Hang) },
            Chaos { share: 101, ..fault(ChaosKind::Hang) },
            Chaos { matching: Some("host=x".into()), ..fault(ChaosKind::Hang) },
        ] {
            assert!(Burning::new(wrong.clone(), &name, now).is_err(), "{wrong}");
        }
        let quoted = Chaos { matching: Some("path~\"".into()), ..fault(ChaosKind::Hang) };
        assert!(Burning::new(quoted, &name, now).is_ok());
    }
}
