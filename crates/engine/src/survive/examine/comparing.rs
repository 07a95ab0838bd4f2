//! The same request to each copy, for each different one, and what is told of it.

use std::collections::HashSet;
use std::time::{Duration, Instant};
use stickylb_survive::Request;

use super::super::classify::{for_everyone, for_its_client, is_of_its_connection, lines};
use super::super::compare::{COPIES, compare};
use super::super::entries::same;
use super::super::ids::{Ids, Stripped};
use super::super::lab_client::LabClient;
use super::super::report::details;
use super::super::requests_to_compare::{Distinct, distinct};
use super::Examination;
use crate::api::{SurviveEntry, SurviveStage, SurviveVerdict};

/// The most different requests that are compared.
const COMPARED: usize = 300;

/// The most ids of one request of which it is tried whether they bind it.
const IDS: usize = 5;

/// The longest that requests are compared: answers without an end take their time, and are not to take the journeys'.
const COMPARING: Duration = Duration::from_mins(3);

/// The same for what is compared once more.
const AGAIN: Duration = Duration::from_secs(40);

/// Why a request is not sent any more.
const LIMITED: &str = "its limit on requests was reached (429)";

impl Examination {
    pub(super) async fn compare_all(&mut self, lab_client: &LabClient<'_>, ids: &Ids) -> Result<(), String> {
        let (mut all, mut more) = distinct(&self.exchanges, &self.exclude);
        more += all.len().saturating_sub(COMPARED);
        all.truncate(COMPARED);
        if self.names.len() > COPIES {
            let all = self.names.len();
            self.left_out.push(format!("requests were compared on {COPIES} of the {all} copies"));
        }
        self.progress.stage(SurviveStage::Comparing, all.len());
        let began = Instant::now();
        let mut held: HashSet<(&str, &str)> = HashSet::new();
        for (done, one) in all.iter().enumerate() {
            if began.elapsed() > COMPARING {
                self.left_out
                    .push(format!("{} requests were not compared: the others took too long", all.len() - done));
                break;
            }
            self.progress.now(&format!("{} {}", one.request.method, one.request.path()));
            let kind = (one.request.method.as_str(), one.group.as_str());
            if held.contains(&kind) {
                // One long poll tells as much as another, and takes its time.
                more += 1;
            } else if self.compare_one(lab_client, one, ids).await? {
                held.insert(kind);
            }
            self.progress.done();
        }
        if more > 0 {
            self.left_out.push(format!("{more} more different requests were not compared, which are like others"));
        }
        Ok(())
    }

    /// Compares once more what was safe, now that clients have changed something on one copy more often than on another: what
    /// each copy keeps in its own memory differs only then.
    pub(super) async fn compare_again(&mut self, lab_client: &LabClient<'_>, ids: &Ids) -> Result<(), String> {
        let (mut all, _) = distinct(&self.exchanges, &self.exclude);
        if self.exchanges.iter().all(|exchange| exchange.request.is_safe()) {
            return Ok(());
        }
        let mut groups = HashSet::new();
        all.retain(|one| {
            let Distinct { request, group, .. } = one;
            let is_safe = self.findings.is_safe(&request.method, group, &request.target);
            is_safe && groups.insert((request.method.clone(), group.clone()))
        });
        self.progress.stage(SurviveStage::Comparing, all.len());
        let began = Instant::now();
        for one in all.iter().take_while(|_| began.elapsed() < AGAIN) {
            self.compare_one(lab_client, one, ids).await?;
            self.progress.done();
        }
        Ok(())
    }

    /// Compares what copies answer to one request; whether one of them held it.
    async fn compare_one(&mut self, lab_client: &LabClient<'_>, one: &Distinct, ids: &Ids) -> Result<bool, String> {
        let Distinct { request, group, status, waited } = one;
        let new = |verdict, words: String| SurviveEntry::new(verdict, &request.method, group, words);
        if lab_client.client.is_limited(request) {
            self.find(new(SurviveVerdict::Unknown, LIMITED.to_owned()));
            return Ok(false);
        }
        let mut compared = compare(lab_client, request, *waited, &self.names).await?;
        for named in &compared.judgement.names_itself {
            let mut entry = new(SurviveVerdict::Remark, format!("a copy names itself: {}", named.place));
            entry.details = details(lines(named, &self.names));
            self.findings.add(entry);
        }
        let differs = compared.judgement.inconclusive.is_none() && !compared.is_same();
        if differs && !compared.held {
            // Once more: what changes with time looks like a difference only once.
            compared = compare(lab_client, request, *waited, &self.names).await?;
        }
        let mut entry = if let Some(reason) = &compared.judgement.inconclusive {
            self.findings.found_to_vary(&request.method, &request.target);
            let is_limited = lab_client.client.is_limited(request);
            let verdict = if is_limited { SurviveVerdict::Unknown } else { SurviveVerdict::Inconclusive };
            new(verdict, if is_limited { LIMITED.to_owned() } else { reason.clone() })
        } else if differs && compared.is_same() {
            self.findings.found_to_vary(&request.method, &request.target);
            new(SurviveVerdict::Inconclusive, "copies differed once, and not again".to_owned())
        } else if differs {
            match ids.strip(request) {
                None => for_everyone(request, group, &compared, ids, &self.names),
                Some(stripped) => {
                    let mut without = compare(lab_client, &stripped.request, *waited, &self.names).await?;
                    if without.is_same() {
                        // A count may stand still by chance, or look like a clock.
                        without = compare(lab_client, &stripped.request, *waited, &self.names).await?;
                    }
                    if without.is_same() || is_of_its_connection(request, &compared) {
                        let id = self.binding(lab_client, request, &stripped, *waited).await?;
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
        entry.times = compared.times;
        if entry.verdict != SurviveVerdict::Unknown {
            self.findings.tried(&request.method, group, &request.target);
        }
        self.find(entry);
        Ok(compared.held)
    }

    /// Which of a request's ids binds it: without that one alone, copies do the same.
    async fn binding<'s>(
        &self,
        lab_client: &LabClient<'_>,
        request: &Request,
        stripped: &'s Stripped,
        waited: Duration,
    ) -> Result<Option<&'s str>, String> {
        if let [one] = stripped.ids.as_slice() {
            return Ok(Some(one));
        }
        for id in stripped.ids.iter().take(IDS) {
            if compare(lab_client, &Ids::without(request, id), waited, &self.names).await?.is_same() {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
