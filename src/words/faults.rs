//! Faults in words: those to choose from, and those that burn.

use stickylb::api::{ChaosView, Snapshot};

use super::amounts::time_left;
use super::name::full_name;

/// Each kind of fault as one writes it first.
pub(crate) const FAULTS: [&str; 9] = [
    "latency 300ms",
    "error 503",
    "refuse",
    "blackhole",
    "hang",
    "reset",
    "slow 10KB/s",
    "truncate 1KB",
    "flaky up=5s down=5s",
];

/// The kinds' names.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    FAULTS.iter().map(|fault| fault.split(' ').next().unwrap_or_default())
}

/// Whole seconds for which a fault still burns, at least 1.
pub(crate) fn seconds_left(fault: &ChaosView) -> u64 {
    fault.left_millis.div_ceil(1000).max(1)
}

/// A fault as it is written, how long it still burns, and what it touched.
pub(crate) fn fault_told(view: &ChaosView) -> String {
    let left = time_left(seconds_left(view));
    format!("{}; {left} left, {} requests and checks touched", view.fault, view.touched)
}

/// A line for each fault that burns: the backend's name, and what is told of it.
pub(crate) fn faults_told(snapshot: &Snapshot) -> Vec<(String, String)> {
    let burning = snapshot.backends.iter().filter_map(|backend| Some((backend, backend.chaos.as_deref()?)));
    burning.map(|(backend, view)| (full_name(snapshot, backend), fault_told(view))).collect()
}

#[cfg(test)]
mod tests {
    use stickylb::api::{Chaos, ChaosKind};

    use super::*;

    #[test]
    fn each_fault_to_choose_is_one_and_no_kind_is_missing() {
        for fault in FAULTS {
            let chaos: Chaos = fault.parse().expect(fault);
            assert_eq!(chaos.to_string(), format!("{fault} for=30s"));
        }
        let trouble = "none".parse::<Chaos>().expect_err("there is no such kind");
        assert!(kinds().all(|kind| trouble.contains(kind)), "{trouble}");
        let listed = trouble.split("there is ").nth(1).expect("the kinds").split([',', ' ']).collect::<Vec<_>>();
        assert_eq!(kinds().filter(|kind| listed.contains(kind)).count(), FAULTS.len());
    }

    #[test]
    fn what_burns_is_told_with_its_time() {
        let fault = serde_json::to_value(Chaos::new(ChaosKind::Hang)).expect("plain");
        let view = serde_json::json!({"fault": fault, "words": "hang", "leftMillis": 11_200, "touched": 31});
        let view: ChaosView = serde_json::from_value(view).expect("a view");
        assert_eq!(fault_told(&view), "hang for=30s; 12 s left, 31 requests and checks touched");
    }
}
