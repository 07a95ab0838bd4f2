//! Several lessons: each is played by a process of its own, so that no two of them meet at a port.

use std::process::Stdio;

use futures_util::StreamExt as _;
use tokio::process::Command;

use crate::cli::layers::UsageError;
use crate::cli::learn::source::Found;
use crate::cli::say::say;
use crate::cli::threads::{MainThread, cannot_start};
use crate::signals::Signals;
use stickylb::untrusted::Untrusted;

/// Lessons that are played at a time.
const AT_A_TIME: usize = 4;

/// Plays those that come with the program; says how each went when it is over.
pub(super) async fn play(main: MainThread, all: Vec<Found>, seed: Option<u64>) -> Result<(), UsageError> {
    let mut signals = Signals::new().map_err(cannot_start)?;
    let numbers: Vec<u32> = all.iter().filter_map(|found| found.number).collect();
    let mut plays = futures_util::stream::iter(numbers).map(|number| one(number, seed)).buffer_unordered(AT_A_TIME);
    let mut problems = Vec::new();
    loop {
        let played = tokio::select! {
            played = plays.next() => played,
            () = signals.next() => return Err(UsageError::Failed("stopped before all were played".to_owned())),
        };
        match played {
            None => break,
            Some(Err(error)) => return Err(error),
            Some(Ok((said, wrong))) => {
                drop(main.run(move || say(&said)));
                problems.extend(wrong);
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(UsageError::Several(problems)) }
}

/// What was said of one, and what is wrong with it.
async fn one(number: u32, seed: Option<u64>) -> Result<(String, Vec<Untrusted<String>>), UsageError> {
    let own = std::env::current_exe().map_err(cannot_start)?;
    let mut command = Command::new(own);
    command.args(["learn", "check", &number.to_string(), "--play"]);
    if let Some(seed) = seed {
        command.args(["--seed", &seed.to_string()]);
    }
    // Where this ends first, so does it, and with it all that it started.
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(cannot_start)?;
    let [said, wrong] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if output.status.success() {
        return Ok((said, Vec::new()));
    }
    let bare = |line: &str| Untrusted::new(line.strip_prefix("stickylb-tui: ").unwrap_or(line).to_owned());
    let mut problems: Vec<_> = wrong.lines().map(bare).collect();
    if problems.is_empty() {
        problems.push(Untrusted::new(format!("lesson {number}: it ended by {}", output.status)));
    }
    Ok((said, problems))
}
