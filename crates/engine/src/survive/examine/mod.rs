//! The tests of a recording, and what they find.

mod comparing;

use std::sync::Arc;
use std::time::{Duration, Instant};
use stickylb_survive::{CopyNames, Exchange, Journey, Journeys, LossKind, Signature, journeys, signatures};

use super::allowed::Allowed;
use super::blocking::off_thread;
use super::client::Client;
use super::copies::Copies;
use super::entries::{moved, watched, why_not};
use super::exclude::Exclude;
use super::groups::group;
use super::ids::Ids;
use super::lab::OpenLab;
use super::lab_client::LabClient;
use super::progress::Progress;
use super::recorder::Recorded;
use super::replay::{self, Replay, Replayed, STEPS};
use super::report::{Findings, details};
use super::smallest_config::prove;
use crate::api::{
    SmallestConfig, StickyBy, Strategy, SurviveEntry, SurviveKind, SurviveOptions, SurviveReport, SurviveStage,
    SurviveVerdict,
};

/// The most journeys that are sent again.
const JOURNEYS: usize = 20;

/// The longest that journeys are sent again.
const REPLAYING: Duration = Duration::from_secs(80);

/// What is tested, and what was found so far.
pub(crate) struct Examination {
    copies: Arc<Copies>,
    names: Vec<CopyNames>,
    exclude: Exclude,
    unsafe_methods: bool,
    progress: Progress,
    exchanges: Arc<Vec<Exchange>>,
    findings: Findings,
    /// What was left out, each in one sentence.
    pub(crate) left_out: Vec<String>,
    smallest: Option<SmallestConfig>,
    has_enough: bool,
}

/// What was found in a recording before anything is sent again.
struct Analysis {
    signatures: Vec<Signature>,
    journeys: Journeys,
    ids: Ids,
}

impl Examination {
    /// One in which nothing was found yet.
    pub(crate) fn new(copies: Arc<Copies>, options: &SurviveOptions, exclude: Exclude, progress: Progress) -> Self {
        Examination {
            names: copies.names(),
            copies,
            exclude,
            unsafe_methods: options.unsafe_methods,
            progress,
            exchanges: Arc::default(),
            findings: Findings::default(),
            left_out: Vec::new(),
            smallest: None,
            has_enough: false,
        }
    }

    /// Takes what was recorded.
    pub(crate) fn take(&mut self, recorded: Recorded) {
        self.exchanges = Arc::new(recorded.exchanges);
        for doing in recorded.in_every_copy {
            let what = if doing.kind.is_empty() { &doing.line } else { &doing.kind };
            let words = if doing.repeated { "" } else { "once in each, at the same time" };
            let mut entry = SurviveEntry::new(SurviveVerdict::RunsInEveryCopy, "", what, words.to_owned());
            entry.kind = Some(SurviveKind::TimerPerCopy);
            let line = |(copy, times): &(usize, usize)| {
                let name = self.names.get(*copy).map_or("?", |copy| copy.name.as_str());
                let plural = if *times == 1 { "" } else { "s" };
                format!("{name}: {times} time{plural} with nobody asking")
            };
            entry.details = details(doing.times.iter().map(line).chain([format!("for example: {}", doing.line)]));
            self.find(entry);
        }
    }

    /// Sends again what was recorded, and finds what differs.
    ///
    /// # Errors
    /// Why it could not go on, in one sentence.
    pub(crate) async fn test(&mut self, lab: &dyn OpenLab, client: &Client) -> Result<(), String> {
        let exchanges = Arc::clone(&self.exchanges);
        let analysis = off_thread(move || Analysis {
            signatures: signatures(&exchanges),
            journeys: journeys(&exchanges),
            ids: Ids::of(&exchanges),
        });
        let Some(Analysis { signatures, journeys: Journeys { kept: mut journeys, left_out, .. }, ids }) =
            analysis.await
        else {
            return Err("what was recorded could not be read".to_owned());
        };
        self.left_out.extend(left_out);
        for signature in &signatures {
            if let Some(entry) = watched(signature, &self.exchanges, &ids, &self.names) {
                self.find(entry);
            }
        }
        let copies = Arc::clone(&self.copies);
        let opened = lab.open(StickyBy::Off, Strategy::RoundRobin).await?;
        let lab_client = LabClient { copies: &copies, lab: &opened, client };
        self.compare_all(&lab_client, &ids).await?;
        if journeys.len() > JOURNEYS {
            let more = journeys.len() - JOURNEYS;
            self.left_out.push(format!("{more} clients' requests were not sent again in their order: {JOURNEYS} were"));
            journeys.truncate(JOURNEYS);
        }
        let replayed = self.replay_all(&lab_client, journeys).await?;
        if self.unsafe_methods {
            self.compare_again(&lab_client, &ids).await?;
        }
        self.progress.stage(SurviveStage::Proving, 0);
        let allowed = Allowed { unsafe_methods: self.unsafe_methods, exclude: &self.exclude };
        let proof = prove(&copies, lab, client, &allowed, &replayed, &mut self.findings, &mut self.left_out).await?;
        (self.smallest, self.has_enough) = (proof.smallest, proof.has_enough);
        Ok(())
    }

    async fn replay_all(
        &mut self,
        lab_client: &LabClient<'_>,
        journeys: Vec<Journey>,
    ) -> Result<Vec<(Journey, Replayed)>, String> {
        self.progress.stage(SurviveStage::Replaying, journeys.len());
        let (began, count) = (Instant::now(), journeys.len());
        let mut all = Vec::new();
        for (number, journey) in journeys.into_iter().enumerate() {
            if began.elapsed() > REPLAYING {
                let more = count - number;
                self.left_out.push(format!("{more} clients' requests were not sent again: the others took too long"));
                break;
            }
            self.progress.now(&format!("client {} with {} requests", number + 1, journey.steps.len()));
            let allowed = Allowed { unsafe_methods: self.unsafe_methods, exclude: &self.exclude };
            let replay = Replay { lab_client, allowed: &allowed, until: Instant::now() + replay::LONGEST };
            // A session that began before the recording is there.
            let home = journey.home().unwrap_or(number % self.names.len());
            let replayed = replay.journey(&journey, home).await?;
            self.replayed(&journey, &replayed);
            self.progress.done();
            all.push((journey, replayed));
        }
        all.retain(|(_, replayed)| replayed.reproduced.contains(&true));
        Ok(all)
    }

    /// Takes what came of one journey.
    fn replayed(&mut self, journey: &Journey, replayed: &Replayed) {
        for lost in &replayed.lost {
            let request = &journey.steps[lost.loss.step].request;
            // Where one copy answers the same request differently each time, a different answer is no loss.
            if lost.loss.kind != LossKind::Answer || !self.findings.varies(&request.method, &request.target) {
                self.find(moved(journey, replayed, lost, &self.names));
            }
        }
        for (step, exchange) in journey.steps.iter().enumerate().take(STEPS) {
            let request = &exchange.request;
            let group = group(request.path());
            let new = |verdict, words: &str| SurviveEntry::new(verdict, &request.method, &group, words.to_owned());
            let entry = if replayed.lost.iter().any(|lost| lost.loss.step == step) {
                continue;
            } else if let Some(why) = replayed.unsure.get(&step) {
                // The same request to each copy tells more, where it is the same for all who ask.
                let is_safe = self.findings.is_safe(&request.method, &group, &request.target);
                new(if is_safe { SurviveVerdict::Remark } else { SurviveVerdict::Inconclusive }, why)
            } else if replayed.is_cut && replayed.reproduced.get(step) == Some(&true) {
                new(SurviveVerdict::Unknown, "its client's requests took too long to be sent again in every way")
            } else if replayed.follow.contains(&step) {
                new(SurviveVerdict::Unknown, "a client that moved had lost something before it")
            } else if replayed.reproduced.get(step) == Some(&true) {
                self.findings.sent(exchange.number);
                SurviveEntry { times: replayed.moved, ..new(SurviveVerdict::Safe, "") }
            } else {
                let allowed = Allowed { unsafe_methods: self.unsafe_methods, exclude: &self.exclude };
                new(SurviveVerdict::Unknown, &why_not(journey, replayed, step, &allowed))
            };
            self.find(entry);
        }
    }

    /// Adds a line, and tells of it where it is a new finding.
    fn find(&mut self, entry: SurviveEntry) {
        if self.findings.is_news(&entry) {
            self.progress.found(&entry);
        }
        self.findings.add(entry);
    }

    /// The report of what was found, and of what was not tried.
    pub(crate) fn report(mut self) -> SurviveReport {
        let allowed = Allowed { unsafe_methods: self.unsafe_methods, exclude: &self.exclude };
        for exchange in self.exchanges.iter() {
            let request = &exchange.request;
            let why = allowed.why_not(request).unwrap_or("it was not tried");
            let group = group(request.path());
            self.findings.add(SurviveEntry::new(SurviveVerdict::Unknown, &request.method, &group, why.to_owned()));
        }
        let (entries, more) = self.findings.entries(&self.exchanges);
        if more > 0 {
            self.left_out.push(format!("{more} lines of the report"));
        }
        // Where nothing was told, nothing is recommended.
        let is_told = |entry: &SurviveEntry| entry.verdict.is_finding() || entry.verdict == SurviveVerdict::Safe;
        let smallest = self.smallest.filter(|_| entries.iter().any(is_told));
        let left_out = self.left_out.into_iter().map(Into::into).collect();
        SurviveReport { entries, smallest, has_enough: self.has_enough, left_out, ..SurviveReport::default() }
    }
}
