//! The tests of a recording, and what they find.

use std::sync::Arc;
use std::time::{Duration, Instant};
use stickylb_survive::{CopyNames, Exchange, Journey, Journeys, Request, Signature, journeys, signatures};

use super::aside::aside;
use super::bench::Bench;
use super::classify::{for_everyone, for_its_client, lines};
use super::client::Client;
use super::compare::{COPIES, compare};
use super::copies::Copies;
use super::distinct::{Distinct, distinct};
use super::entries::{moved, same, watched, why_not};
use super::exclude::Exclude;
use super::groups::group;
use super::ids::{Ids, Stripped};
use super::lab::OpenLab;
use super::prove::prove;
use super::recorder::Recorded;
use super::replay::{self, Allowed, Replay, Replayed, STEPS};
use super::report::{Findings, details};
use super::telling::Telling;
use crate::api::{
    SmallestConfig, StickyBy, Strategy, SurviveEntry, SurviveKind, SurviveOptions, SurviveReport, SurviveStage,
    SurviveVerdict,
};

/// The most different requests that are compared.
const COMPARED: usize = 300;

/// The most journeys that are sent again.
const JOURNEYS: usize = 20;

/// The most ids of one request of which it is tried whether they bind it.
const IDS: usize = 5;

/// The longest that requests are compared: answers without an end take their time, and are not to take the journeys'.
const COMPARING: Duration = Duration::from_mins(3);

/// The longest that journeys are sent again.
const REPLAYING: Duration = Duration::from_secs(80);

/// What is tested, and what was found so far.
pub(crate) struct Examination {
    copies: Arc<Copies>,
    names: Vec<CopyNames>,
    exclude: Exclude,
    unsafe_methods: bool,
    telling: Telling,
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
    pub(crate) fn new(copies: Arc<Copies>, options: &SurviveOptions, telling: Telling) -> Self {
        Examination {
            names: copies.names(),
            copies,
            exclude: Exclude::new(&options.exclude),
            unsafe_methods: options.unsafe_methods,
            telling,
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
            let mut entry = SurviveEntry::new(SurviveVerdict::RunsInEveryCopy, "", &doing.line, "");
            entry.kind = Some(SurviveKind::TimerPerCopy);
            let line = |(copy, times): &(usize, usize)| {
                let name = self.names.get(*copy).map_or("?", |copy| copy.name.as_str());
                format!("{name}: {times} times with nobody asking")
            };
            entry.details = details(doing.times.iter().map(line));
            self.find(entry);
        }
    }

    /// Sends again what was recorded, and finds what differs.
    ///
    /// # Errors
    /// Why it could not go on, in one sentence.
    pub(crate) async fn test(&mut self, lab: &dyn OpenLab, client: &Client) -> Result<(), String> {
        let exchanges = Arc::clone(&self.exchanges);
        let analysis = aside(move || Analysis {
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
        let bench = Bench { copies: &copies, lab: &opened, client };
        self.compare_all(&bench, &ids).await?;
        if journeys.len() > JOURNEYS {
            let more = journeys.len() - JOURNEYS;
            self.left_out.push(format!("{more} clients' requests were not sent again in their order: {JOURNEYS} were"));
            journeys.truncate(JOURNEYS);
        }
        let replayed = self.replay_all(&bench, journeys).await?;
        self.telling.stage(SurviveStage::Proving, 0);
        let allowed = Allowed { unsafe_methods: self.unsafe_methods, exclude: &self.exclude };
        let proof = prove(&copies, lab, client, &allowed, &replayed, &mut self.findings, &mut self.left_out).await?;
        (self.smallest, self.has_enough) = (proof.smallest, proof.has_enough);
        Ok(())
    }

    async fn compare_all(&mut self, bench: &Bench<'_>, ids: &Ids) -> Result<(), String> {
        let (mut all, alike) = distinct(&self.exchanges, &self.exclude);
        let more = alike + all.len().saturating_sub(COMPARED);
        all.truncate(COMPARED);
        if more > 0 {
            self.left_out.push(format!("{more} more different requests were not compared: {} were", all.len()));
        }
        if self.names.len() > COPIES {
            let all = self.names.len();
            self.left_out.push(format!("requests were compared on {COPIES} of the {all} copies"));
        }
        self.telling.stage(SurviveStage::Comparing, all.len());
        let began = Instant::now();
        for (done, one) in all.iter().enumerate() {
            if began.elapsed() > COMPARING {
                self.left_out
                    .push(format!("{} requests were not compared: the others took too long", all.len() - done));
                break;
            }
            self.telling.now(&format!("{} {}", one.request.method, one.request.path()));
            self.compare_one(bench, one, ids).await?;
            self.telling.done();
        }
        Ok(())
    }

    async fn compare_one(&mut self, bench: &Bench<'_>, one: &Distinct, ids: &Ids) -> Result<(), String> {
        let Distinct { request, group, status } = one;
        let new = |verdict, words: String| SurviveEntry::new(verdict, &request.method, group, words);
        let mut compared = compare(bench, request, &self.names).await?;
        for named in &compared.judgement.names_itself {
            let mut entry = new(SurviveVerdict::Remark, format!("a copy names itself: {}", named.place));
            entry.details = details(lines(named, &self.names));
            self.findings.add(entry);
        }
        let mut times = compared.times;
        let differs = compared.judgement.inconclusive.is_none() && !compared.is_same();
        if differs {
            // Once more: what changes with time looks like a difference only once.
            compared = compare(bench, request, &self.names).await?;
            times += compared.times;
        }
        self.findings.tried(&request.method, group, &request.target);
        let mut entry = if let Some(reason) = &compared.judgement.inconclusive {
            new(SurviveVerdict::Inconclusive, reason.clone())
        } else if differs && compared.is_same() {
            new(SurviveVerdict::Inconclusive, "copies differed once, and not again".to_owned())
        } else if differs {
            match ids.strip(request) {
                None => for_everyone(request, group, &compared, ids, &self.names),
                Some(stripped) => {
                    let mut without = compare(bench, &stripped.request, &self.names).await?;
                    if without.is_same() {
                        // A count may stand still by chance, or look like a clock.
                        without = compare(bench, &stripped.request, &self.names).await?;
                    }
                    times += without.times;
                    if without.is_same() {
                        let id = self.binding(bench, request, &stripped).await?;
                        for_its_client(request, group, &compared, id, &self.names)
                    } else if let Some(reason) = &without.judgement.inconclusive {
                        new(SurviveVerdict::Inconclusive, format!("copies differ, and without its ids {reason}"))
                    } else {
                        for_everyone(request, group, &without, ids, &self.names)
                    }
                }
            }
        } else {
            same(compared.answers.first().map_or(0, |answer| answer.status), *status, new)
        };
        entry.times = times;
        self.find(entry);
        Ok(())
    }

    /// Which of a request's ids binds it: without that one alone, copies do the same.
    async fn binding<'s>(
        &self,
        bench: &Bench<'_>,
        request: &Request,
        stripped: &'s Stripped,
    ) -> Result<Option<&'s str>, String> {
        if let [one] = stripped.ids.as_slice() {
            return Ok(Some(one));
        }
        for id in stripped.ids.iter().take(IDS) {
            if compare(bench, &Ids::without(request, id), &self.names).await?.is_same() {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    async fn replay_all(
        &mut self,
        bench: &Bench<'_>,
        journeys: Vec<Journey>,
    ) -> Result<Vec<(Journey, Replayed)>, String> {
        self.telling.stage(SurviveStage::Replaying, journeys.len());
        let (began, count) = (Instant::now(), journeys.len());
        let mut all = Vec::new();
        for (number, journey) in journeys.into_iter().enumerate() {
            if began.elapsed() > REPLAYING {
                let more = count - number;
                self.left_out.push(format!("{more} clients' requests were not sent again: the others took too long"));
                break;
            }
            self.telling.now(&format!("client {} with {} requests", number + 1, journey.steps.len()));
            let allowed = Allowed { unsafe_methods: self.unsafe_methods, exclude: &self.exclude };
            let replay = Replay { bench, allowed: &allowed, until: Instant::now() + replay::LONGEST };
            let replayed = replay.journey(&journey, number % self.names.len()).await?;
            self.replayed(&journey, &replayed);
            self.telling.done();
            all.push((journey, replayed));
        }
        all.retain(|(_, replayed)| replayed.reproduced.contains(&true));
        Ok(all)
    }

    /// Takes what came of one journey.
    fn replayed(&mut self, journey: &Journey, replayed: &Replayed) {
        for lost in &replayed.lost {
            self.find(moved(journey, replayed, lost, &self.names));
        }
        for (step, exchange) in journey.steps.iter().enumerate().take(STEPS) {
            let request = &exchange.request;
            let group = group(request.path());
            let new = |verdict, words: &str| SurviveEntry::new(verdict, &request.method, &group, words.to_owned());
            let entry = if replayed.lost.iter().any(|lost| lost.loss.step == step) {
                continue;
            } else if let Some(why) = replayed.unsure.get(&step) {
                new(SurviveVerdict::Inconclusive, why)
            } else if replayed.is_cut && replayed.reproduced.get(step) == Some(&true) {
                new(SurviveVerdict::Unknown, "its client's requests took too long to be sent again in every way")
            } else if replayed.reproduced.get(step) == Some(&true) {
                self.findings.tried(&request.method, &group, &request.target);
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
            self.telling.found(&entry);
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
        let left_out = self.left_out.into_iter().map(Into::into).collect();
        SurviveReport {
            entries,
            smallest: self.smallest,
            has_enough: self.has_enough,
            left_out,
            ..SurviveReport::default()
        }
    }
}
