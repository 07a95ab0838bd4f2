//! What `survive` said in one run.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use stickylb::api::{SurviveKind, SurviveReport, SurviveVerdict};

/// How long one run may take before the test gives up: many times what it needs.
const PATIENCE: Duration = Duration::from_mins(3);

/// What one run ended with.
pub(crate) struct Survived {
    status: ExitStatus,
    stdout: String,
    stderr: String,
    pub(crate) took: Duration,
}

/// Runs `survive` to its end, or kills it when that does not come: then it has no report.
pub(crate) fn run_to_end(mut command: Command) -> Survived {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (stdout, stderr) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            // It may be ending at this moment.
            let _ = child.kill();
            break child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    Survived { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap(), took: began.elapsed() }
}

fn collect(mut output: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is what there is to show.
        let _ = output.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Survived {
    fn report(&self) -> Option<SurviveReport> {
        serde_json::from_str(&self.stdout).ok()
    }

    /// The kinds of what was found, as the report's JSON has them. `?` is a finding of no kind, and `!` stands for a
    /// run without a report.
    pub(crate) fn kinds(&self) -> BTreeSet<String> {
        let Some(report) = self.report() else { return BTreeSet::from(["!".to_owned()]) };
        let findings = report.entries.iter().filter(|entry| entry.verdict.is_finding());
        findings.map(|entry| entry.kind.map_or_else(|| "?".to_owned(), name)).collect()
    }

    /// How many requests were told to be this.
    pub(crate) fn count(&self, verdict: SurviveVerdict) -> usize {
        let entries = self.report().map(|report| report.entries).unwrap_or_default();
        entries.iter().filter(|entry| entry.verdict == verdict).count()
    }

    /// What is not as promised of a broken app's run.
    pub(crate) fn misses(&self, kind: SurviveKind) -> Option<String> {
        let found = self.kinds().contains(&name(kind));
        let good = found && self.status.code() == Some(1);
        (!good).then(|| self.told(&format!("{} is not found", name(kind))))
    }

    /// What is not as promised of a mended app's run: a finding, or that nothing was tried at all.
    pub(crate) fn alarms(&self) -> Option<String> {
        let quiet = self.kinds().is_empty() && self.status.success();
        let good = quiet && self.count(SurviveVerdict::Safe) + self.count(SurviveVerdict::Inconclusive) > 0;
        (!good)
            .then(|| self.told(if quiet { "nothing was tried" } else { "something is found where nothing is wrong" }))
    }

    fn told(&self, what: &str) -> String {
        format!("{what} ({})\n{}\n{}", self.status, self.stdout, self.stderr)
    }
}

/// A kind as the report's JSON has it.
pub(crate) fn name(kind: SurviveKind) -> String {
    serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned()
}
