//! A run from its beginning to its report.

use std::sync::Arc;
use std::time::{Duration, Instant};
use stickylb_survive::Exchange;
use tokio::sync::watch;

use super::blocking::off_thread;
use super::client::Client;
use super::copies::Copies;
use super::examine::Examination;
use super::exclude::Exclude;
use super::har;
use super::lab::OpenLab;
use super::progress::Progress;
use super::recorder::Recorder;
use crate::api::{SurviveOptions, SurviveReport, SurviveStage, SurviveVerdict};
use crate::state::Phase;

/// How long copies are listened to for what they write by themselves, with nobody asking anything of them: so often, and so
/// long each time. Each begins with a check of every copy, so that checks are in step with no timer all the time: what comes
/// right behind a check may be an answer to it. The length is no whole number of seconds, as intervals are.
const LISTEN: (usize, Duration) = (3, Duration::from_millis(2700));

/// How much longer at a time, where a line came once from several copies.
const MORE: Duration = Duration::from_secs(2);

/// With less than this, it is said that slower timers were not seen.
const LONG: Duration = Duration::from_secs(20);

/// The longest that tests may take.
const LONGEST: Duration = Duration::from_mins(10);

/// How often copies are looked at while the run goes on.
const LOOK: Duration = Duration::from_millis(250);

/// What a run is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    /// Record what passes.
    Watch,
    /// Test what was recorded.
    Test,
    /// Stop, and report what was found so far.
    Stop,
}

/// One run.
pub(crate) struct Run {
    copies: Arc<Copies>,
    options: SurviveOptions,
    exclude: Exclude,
    lab: Box<dyn OpenLab>,
    recorder: Recorder,
}

impl Run {
    /// A run over these copies, which records from now on.
    pub(crate) fn new(copies: Arc<Copies>, options: SurviveOptions, exclude: Exclude, lab: Box<dyn OpenLab>) -> Self {
        let recorder = Recorder::begin(&copies);
        Run { copies, options, exclude, lab, recorder }
    }

    /// Runs until the report is there: until all is tested, `orders` say that it is to stop, or the balancer stops.
    pub(crate) async fn run(self, orders: watch::Receiver<Order>, phase: watch::Receiver<Phase>) {
        let Run { copies, options, exclude, lab, mut recorder } = self;
        let progress = Progress::new(&copies);
        let mut examination = Examination::new(Arc::clone(&copies), &options, exclude, progress);
        let listening = record(&copies, &options, &mut recorder, &mut examination.left_out, orders.clone());
        let recorded = unless_ended(&copies, &orders, &phase, listening).await;
        let mut passed = recorder.end(&copies);
        let (from_file, ended) = recorded.map_or_else(|why| (None, Some(why)), |from_file| (from_file, None));
        match from_file {
            Some(from_file) => passed.exchanges = from_file,
            None => examination.left_out.extend(not_recorded(&copies, passed.missed)),
        }
        copies.shared.survive.show(|view| view.recorded = passed.exchanges.len() as u64);
        examination.take(passed);
        let ended = match ended {
            Some(why) => Some(why),
            None => unless_ended(&copies, &orders, &phase, test(&mut examination, &*lab)).await.err(),
        };
        end(&copies, examination, ended);
    }
}

/// Does this, unless the run is to stop before, or a copy is not what it was; which, as one sentence.
async fn unless_ended<T>(
    copies: &Copies,
    orders: &watch::Receiver<Order>,
    phase: &watch::Receiver<Phase>,
    work: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    tokio::select! {
        biased;
        why = stopped(orders.clone(), phase.clone()) => Err(why),
        why = changed(copies) => Err(why),
        done = work => done,
    }
}

/// Reads the HAR file and gives what it holds, or records until it is time to test; listens to the copies then. Why it could
/// not, in one sentence.
async fn record(
    copies: &Copies,
    options: &SurviveOptions,
    recorder: &mut Recorder,
    left_out: &mut Vec<String>,
    mut orders: watch::Receiver<Order>,
) -> Result<Option<Vec<Exchange>>, String> {
    let progress = Progress::new(copies);
    progress.stage(SurviveStage::Watching, 0);
    let began = Instant::now();
    let mut from_file = None;
    if let Some(path) = options.har.clone() {
        let (exchanges, not_used) = read(copies, path).await?;
        from_file = Some(exchanges);
        left_out.extend(not_used);
    } else {
        let test = async { orders.wait_for(|order| *order >= Order::Test).await.is_ok() };
        tokio::select! {
            () = recorder.watch(copies) => {}
            _ = test => {}
        }
    }
    if copies.are_spawned() {
        progress.stage(SurviveStage::Listening, 0);
        for _ in 0..LISTEN.0 {
            copies.each.iter().for_each(|backend| backend.signals.check_now.notify_one());
            let _ = tokio::time::timeout(LISTEN.1, recorder.watch(copies)).await;
        }
        while recorder.may_come_again() && began.elapsed() < LONG {
            let _ = tokio::time::timeout(MORE, recorder.watch(copies)).await;
        }
        let listened = began.elapsed();
        if listened < LONG {
            let seconds = listened.as_secs();
            left_out.push(format!("copies were listened to for {seconds} s: no slower timer was seen"));
        }
    }
    Ok(from_file)
}

/// What passed and could not be recorded, each in one sentence.
fn not_recorded(copies: &Copies, missed: u64) -> Vec<String> {
    let mut left_out = Vec::new();
    match Recorder::open_tunnels(copies) {
        0 => {}
        1 => left_out.push("one WebSocket or other tunnel was still open, and not recorded".to_owned()),
        tunnels => left_out.push(format!("{tunnels} WebSockets or other tunnels were still open, and not recorded")),
    }
    if missed > 0 {
        let requests = if missed == 1 { "1 request".to_owned() } else { format!("{missed} requests") };
        left_out.push(format!("{requests} that passed: no copy answered, or there were too many to record"));
    }
    left_out
}

/// Tests what was taken; why it could not go on, in one sentence.
async fn test(examination: &mut Examination, lab: &dyn OpenLab) -> Result<(), String> {
    let client = Client::default();
    match tokio::time::timeout(LONGEST, examination.test(lab, &client)).await {
        Ok(tested) => tested,
        Err(_) => Err(format!("the tests took longer than {} minutes", LONGEST.as_secs() / 60)),
    }
}

/// The requests of a HAR file as if they had been made to this balancer, and what is left out.
async fn read(copies: &Copies, path: String) -> Result<(Vec<Exchange>, Vec<String>), String> {
    Progress::new(copies).now("reads the HAR file");
    let url = copies.url();
    let read = off_thread(move || har::read(&path, &url));
    let har = read.await.unwrap_or_else(|| Err("the HAR file could not be read".to_owned()))?;
    let others = har.other_hosts.iter().map(|(host, count)| format!("{count} requests to {host}"));
    Ok((har.exchanges, har.left_out.into_iter().chain(others).collect()))
}

/// Waits until the run is to stop, and says why.
async fn stopped(mut orders: watch::Receiver<Order>, mut phase: watch::Receiver<Phase>) -> String {
    tokio::select! {
        order = orders.wait_for(|order| *order == Order::Stop) => match order {
            Ok(_) => "it was stopped".to_owned(),
            Err(_) => "the balancer stops".to_owned(),
        },
        _ = phase.wait_for(|phase| *phase >= Phase::Finishing) => "the balancer stops".to_owned(),
    }
}

/// Waits until a copy is not what it was, and says which.
async fn changed(copies: &Copies) -> String {
    loop {
        if let Some(trouble) = copies.trouble() {
            return trouble;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Puts the report there; `ended` is why it is not whole.
fn end(copies: &Copies, examination: Examination, ended: Option<String>) {
    let progress = Progress::new(copies);
    let mut report = examination.report();
    report.partial = ended.map(Into::into);
    report.copies = copies.each.iter().map(|backend| backend.name().clone()).collect();
    let said = summary(&report);
    copies.shared.survive.report_is(report);
    progress.stage(SurviveStage::Ended, 0);
    progress.notice(&said);
}

/// A report in one sentence.
fn summary(report: &SurviveReport) -> String {
    let findings = report.entries.iter().filter(|entry| entry.verdict.is_finding()).count();
    let safe = report.entries.iter().filter(|entry| entry.verdict == SurviveVerdict::Safe).count();
    let plural = if findings == 1 { "" } else { "s" };
    let partial = report.partial.as_ref().map(|why| format!("not whole, because {why}: ")).unwrap_or_default();
    format!("the report is there: {partial}{findings} finding{plural}, {safe} safe")
}
