//! What was found, put together: one line for each path and kind.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use stickylb_survive::Exchange;

use super::groups::group;
use crate::api::{SurviveEntry, SurviveKind, SurviveVerdict};
use crate::untrusted::Untrusted;

/// The most lines of a report.
const ENTRIES: usize = 1000;

/// The most lines that show how each copy answered.
const DETAILS: usize = 8;

/// What tells lines apart.
type Key = (SurviveVerdict, Option<SurviveKind>, String, String);

/// What was found so far.
#[derive(Default)]
pub(crate) struct Findings {
    entries: BTreeMap<Key, SurviveEntry>,
    /// Targets that were sent to every copy, by method and group.
    tried: HashMap<(String, String), HashSet<String>>,
    /// Methods and targets to which one copy answers now so and now otherwise.
    vary: HashSet<(String, String)>,
    /// Numbers of exchanges that clients which were moved did again.
    sent: HashSet<u64>,
}

impl Findings {
    /// Whether it is a finding that was not there.
    pub(crate) fn is_news(&self, entry: &SurviveEntry) -> bool {
        entry.verdict.is_finding() && !self.entries.contains_key(&key(entry))
    }

    /// Adds a line, or puts it together with one of its kind.
    pub(crate) fn add(&mut self, entry: SurviveEntry) {
        let key = key(&entry);
        let Some(known) = self.entries.get_mut(&key) else {
            if self.entries.len() < 4 * ENTRIES {
                self.entries.insert(key, entry);
            }
            return;
        };
        known.times = known.times.max(entry.times);
        known.learn = known.learn.take().or(entry.learn);
        // One example is enough of each way in which it was found.
        let who = |detail: &Untrusted<String>| detail.raw().split_once(": ").map(|(who, _)| who.to_owned());
        let told: HashSet<_> = known.details.iter().map(who).collect();
        let room = DETAILS.saturating_sub(known.details.len());
        known.details.extend(entry.details.into_iter().filter(|detail| !told.contains(&who(detail))).take(room));
    }

    /// A target was sent to every copy.
    pub(crate) fn tried(&mut self, method: &str, group: &str, target: &str) {
        self.tried.entry((method.to_owned(), group.to_owned())).or_default().insert(target.to_owned());
    }

    /// A copy does not always answer the same to this, or copies differed once and not again.
    pub(crate) fn found_to_vary(&mut self, method: &str, target: &str) {
        self.vary.insert((method.to_owned(), target.to_owned()));
    }

    /// Whether that was found.
    pub(crate) fn varies(&self, method: &str, target: &str) -> bool {
        self.vary.contains(&(method.to_owned(), target.to_owned()))
    }

    /// Clients that were moved did the exchange with this number again.
    pub(crate) fn sent(&mut self, number: u64) {
        self.sent.insert(number);
    }

    /// Whether all copies answered the same to this, as often as it takes to tell.
    pub(crate) fn is_safe(&self, method: &str, group: &str, target: &str) -> bool {
        let key = (method.to_owned(), group.to_owned());
        let is_safe = self.entries.contains_key(&(SurviveVerdict::Safe, None, key.0.clone(), key.1.clone()));
        is_safe && self.tried.get(&key).is_some_and(|tried| tried.contains(target)) && !self.varies(method, target)
    }

    /// All that needs stickiness.
    pub(crate) fn need_stickiness(&self) -> impl Iterator<Item = &SurviveEntry> {
        self.entries.values().filter(|entry| entry.verdict == SurviveVerdict::NeedsStickiness)
    }

    /// What needs stickiness on this method and path breaks even with it.
    pub(crate) fn breaks_even_with_it(&mut self, method: &str, group: &str) {
        let is_it = |key: &Key| key.0 == SurviveVerdict::NeedsStickiness && key.2 == method && key.3 == group;
        let keys: Vec<Key> = self.entries.keys().filter(|key| is_it(key)).cloned().collect();
        for key in keys {
            if let Some(mut entry) = self.entries.remove(&key) {
                entry.verdict = SurviveVerdict::BreaksEvenWithIt;
                entry.learn = None;
                self.add(entry);
            }
        }
    }

    /// The lines of the report: of a path with a finding nothing else is told but remarks, and what was tried is not unknown.
    pub(crate) fn entries(mut self, exchanges: &[Exchange]) -> (Vec<SurviveEntry>, usize) {
        let mut worst: HashMap<(String, String), u8> = HashMap::new();
        for (verdict, _, method, path) in self.entries.keys() {
            let worst = worst.entry((method.clone(), path.clone())).or_default();
            *worst = (*worst).max(weight(*verdict));
        }
        self.entries.retain(|(verdict, _, method, path), _| {
            let worst = worst.get(&(method.clone(), path.clone())).copied().unwrap_or_default();
            *verdict == SurviveVerdict::Remark || weight(*verdict) == worst
        });
        let told: BTreeSet<Key> = self.entries.keys().cloned().collect();
        let is_told = |verdict, kinds: &dyn Fn(Option<SurviveKind>) -> bool, (method, path): (&str, &str)| {
            told.iter().any(|key| (key.0, &*key.2, &*key.3) == (verdict, method, path) && kinds(key.1))
        };
        self.entries.retain(|(verdict, kind, method, path), _| {
            let place = (method.as_str(), path.as_str());
            // What it is in particular is told rather than that a session is lost.
            let is_vague = *kind == Some(SurviveKind::SessionLost) && is_told(*verdict, &|other| other > *kind, place);
            let breaks = is_told(SurviveVerdict::BreaksEvenWithIt, &|other| other == *kind, place);
            *verdict != SurviveVerdict::NeedsStickiness || !(is_vague || breaks)
        });
        let mut recorded: HashMap<(String, String), Vec<(u64, &str)>> = HashMap::new();
        for exchange in exchanges {
            let key = (exchange.request.method.clone(), group(exchange.request.path()));
            recorded.entry(key).or_default().push((exchange.number, &exchange.request.target));
        }
        let mut entries: Vec<SurviveEntry> = self.entries.into_values().collect();
        for entry in &mut entries {
            if entry.verdict == SurviveVerdict::Safe && entry.times == 0 {
                // Nothing is safe that one copy alone was asked for.
                entry.verdict = SurviveVerdict::Unknown;
                entry.words = "its client sent nothing else, so that it could not be moved".to_owned().into();
            }
            let key = (entry.method.raw().to_owned(), entry.path.raw().to_owned());
            let Some(targets) = recorded.get(&key) else { continue };
            let tried = self.tried.get(&key);
            let counts = |(number, target): &&(u64, &str)| {
                let was_tried = || tried.is_some_and(|tried| tried.contains(*target));
                entry.verdict != SurviveVerdict::Safe || self.sent.contains(number) || was_tried()
            };
            entry.requests = targets.iter().filter(counts).count() as u64;
        }
        let more = entries.len().saturating_sub(ENTRIES);
        entries.truncate(ENTRIES);
        (entries, more)
    }
}

fn key(entry: &SurviveEntry) -> Key {
    (entry.verdict, entry.kind, entry.method.raw().to_owned(), entry.path.raw().to_owned())
}

/// How much a verdict counts where a path has several; findings are all told.
fn weight(verdict: SurviveVerdict) -> u8 {
    match verdict {
        _ if verdict.is_finding() => 5,
        SurviveVerdict::Inconclusive => 3,
        SurviveVerdict::Safe => 2,
        SurviveVerdict::Unknown => 1,
        _ => 0,
    }
}

/// Lines that show something, as far as there is room.
pub(crate) fn details(lines: impl IntoIterator<Item = String>) -> Vec<Untrusted<String>> {
    lines.into_iter().take(DETAILS).map(Untrusted::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb_survive::Request;

    fn entry(verdict: SurviveVerdict, kind: Option<SurviveKind>, path: &str) -> SurviveEntry {
        SurviveEntry { kind, times: 12, ..SurviveEntry::new(verdict, "GET", path, "words") }
    }

    fn exchange(target: &str) -> Exchange {
        let request = Request { method: "GET".to_owned(), target: target.to_owned(), ..Request::default() };
        Exchange { request, ..Exchange::default() }
    }

    fn verdicts(findings: Findings) -> Vec<(SurviveVerdict, String)> {
        findings.entries(&[]).0.into_iter().map(|entry| (entry.verdict, entry.path.into_raw())).collect()
    }

    #[test]
    fn the_worst_of_a_path_wins_and_what_was_tried_is_not_unknown() {
        use SurviveVerdict::{NeedsStickiness, Remark, Safe, Unknown};
        let mut findings = Findings::default();
        for (verdict, path) in [(Safe, "/a"), (NeedsStickiness, "/a"), (Unknown, "/b"), (Safe, "/b"), (Remark, "/b")] {
            findings.add(entry(verdict, None, path));
        }
        let told = [(NeedsStickiness, "/a"), (Safe, "/b"), (Remark, "/b")].map(|(v, path)| (v, path.to_owned()));
        assert_eq!(verdicts(findings), told);
    }

    #[test]
    fn what_breaks_even_with_stickiness_is_told_once() {
        let mut findings = Findings::default();
        let kind = Some(SurviveKind::StatePerCopy);
        let first = entry(SurviveVerdict::NeedsStickiness, kind, "/a");
        assert!(findings.is_news(&first));
        findings.add(first.clone());
        assert!(!findings.is_news(&first));
        findings.add(first);
        findings.add(entry(SurviveVerdict::NeedsStickiness, kind, "/b"));
        findings.add(entry(SurviveVerdict::BreaksEvenWithIt, kind, "/b"));
        findings.breaks_even_with_it("GET", "/a");
        let told = ["/a", "/b"].map(|path| (SurviveVerdict::BreaksEvenWithIt, path.to_owned()));
        assert_eq!(verdicts(findings), told);
    }

    #[test]
    fn of_a_lost_session_it_is_told_what_it_is_in_particular() {
        let mut findings = Findings::default();
        for kind in [SurviveKind::SessionLost, SurviveKind::SecretPerCopy] {
            findings.add(entry(SurviveVerdict::NeedsStickiness, Some(kind), "/a"));
        }
        let kinds: Vec<_> = findings.entries(&[]).0.into_iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [Some(SurviveKind::SecretPerCopy)]);
    }

    #[test]
    fn what_one_copy_alone_was_asked_for_is_not_safe() {
        let mut findings = Findings::default();
        findings.add(SurviveEntry { times: 0, ..entry(SurviveVerdict::Safe, None, "/buy") });
        assert_eq!(verdicts(findings), [(SurviveVerdict::Unknown, "/buy".to_owned())]);
    }

    #[test]
    fn safe_counts_the_requests_that_were_tried_and_no_others() {
        let mut findings = Findings::default();
        findings.add(entry(SurviveVerdict::Safe, None, "/users/{id}"));
        findings.tried("GET", "/users/{id}", "/users/1");
        let exchanges = [exchange("/users/1"), exchange("/users/1"), exchange("/users/2"), exchange("/")];
        assert_eq!(findings.entries(&exchanges).0[0].requests, 2);
    }
}
