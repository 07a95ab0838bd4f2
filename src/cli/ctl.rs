//! `ctl`, `list` and `stop`: commands to running balancers.

use serde_json::json;
use std::future::Future;
use std::process::ExitCode;

use super::ctl_words::Ctl;
use super::layers::UsageError;
use super::say::{complain, say};
use super::survive::of_running;
use crate::control::{ControlError, Instance, Reply, Request, instances};
use crate::words::{self, Meant, aligned};
use stickylb::api::{Ending, Snapshot};
use stickylb::untrusted::{Untrusted, pretty_json};

impl From<ControlError> for UsageError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Several { .. } | ControlError::NotThere { .. } => {
                UsageError::Words(vec![error.to_string().into()])
            }
            _ => UsageError::Failed(error.to_string()),
        }
    }
}

/// Runs one of these commands to its end.
pub(super) fn run(work: impl Future<Output = Result<(), UsageError>>) -> Result<ExitCode, UsageError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| UsageError::Failed(format!("cannot start: {error}")))?.block_on(work)?;
    Ok(ExitCode::SUCCESS)
}

/// `ctl WHAT`.
pub(super) async fn ctl(port: Option<u16>, what: &Ctl) -> Result<(), UsageError> {
    let instance = Instance::find(port).await?;
    match what {
        Ctl::Status { json: true } => {
            say(&pretty_json(&snapshot(&instance).await?).map_err(|error| UsageError::Failed(error.to_string()))?)
        }
        Ctl::Status { json: false } => say(&words::status(&snapshot(&instance).await?)),
        Ctl::Do(word, given) => {
            let given: Vec<&str> = given.iter().map(String::as_str).collect();
            let command = words::command(word, &given, &snapshot(&instance).await?, &Meant::default())
                .map_err(|trouble| UsageError::Words(vec![trouble.into()]))?;
            match instance.ask(&Request::Do(command)).await? {
                Reply::Done(done) => say(&words::answer(&done, "undo")),
                Reply::Failed(error) => Err(UsageError::Failed(error.to_string())),
                _ => Err(UsageError::Failed(format!("the balancer on port {} gave another answer", instance.port()))),
            }
        }
        Ctl::Fairness { json: false } => say(&words::fairness(&snapshot(&instance).await?)),
        Ctl::Fairness { json: true } => {
            let snapshot = snapshot(&instance).await?;
            let pools = snapshot.pools.iter();
            let pools: Vec<_> = pools.map(|pool| json!({"pool": pool.name, "fairness": pool.fairness})).collect();
            say(&pretty_json(&pools).map_err(|error| UsageError::Failed(error.to_string()))?)
        }
        Ctl::WhatIf { json, given } => {
            let now = snapshot(&instance).await?;
            let given: Vec<&str> = given.iter().map(String::as_str).collect();
            let options = words::what_if_options(&given, &now, None)
                .map_err(|trouble| UsageError::Words(vec![trouble.into()]))?;
            match instance.ask(&Request::WhatIf(options)).await? {
                Reply::WhatIf(told) if *json => {
                    say(&pretty_json(&told).map_err(|error| UsageError::Failed(error.to_string()))?)
                }
                Reply::WhatIf(told) => say(&words::what_if(&told, now.pools.len() > 1)),
                Reply::NoWhatIf { why } => Err(UsageError::Failed(why.to_string())),
                _ => Err(UsageError::Failed(format!("the balancer on port {} gave another answer", instance.port()))),
            }
        }
        Ctl::Survive(step, wanted) => of_running(&instance, *step, wanted).await,
        Ctl::Stop => stop_one(&instance).await,
    }
}

/// How those stand that run and answer.
pub(super) fn snapshots() -> Result<Vec<Snapshot>, UsageError> {
    let mut all = Vec::new();
    run(async {
        for instance in &instances().await?.running {
            // It may have ended since it was found.
            all.extend(snapshot(instance).await.ok());
        }
        Ok(())
    })?;
    Ok(all)
}

/// `list`.
pub(super) async fn list() -> Result<(), UsageError> {
    let found = instances().await?;
    let mut problems: Vec<Untrusted<String>> = found.silent.iter().map(|error| error.to_string().into()).collect();
    let mut rows = vec![["PORT", "PID", "UP", "DOWN", "STRATEGY", "UPTIME", "URL"].map(str::to_owned)];
    for instance in &found.running {
        let snapshot = match snapshot(instance).await {
            Ok(snapshot) => snapshot,
            // It may have ended since it was found; the others are listed all the same.
            Err(error) => {
                problems.extend(error.problems());
                continue;
            }
        };
        let up = snapshot.backends.iter().filter(|b| b.state.keeps_its_clients()).count();
        let ports: Vec<String> = instance.hello.ports.iter().map(u16::to_string).collect();
        rows.push([
            ports.join(","),
            instance.hello.pid.to_string(),
            up.to_string(),
            (snapshot.backends.len() - up).to_string(),
            match snapshot.pools.as_slice() {
                [only] => only.strategy.name().to_owned(),
                pools => format!("{} pools", pools.len()),
            },
            duration(instance.hello.uptime_seconds),
            urls(&snapshot),
        ]);
    }
    for problem in &problems {
        complain(&format!("stickylb-tui: {problem}"));
    }
    if rows.len() > 1 {
        say(&aligned(&rows))?;
    } else if problems.is_empty() {
        complain("no stickylb-tui is running");
    }
    Ok(())
}

/// `stop`.
pub(super) async fn stop(port: Option<u16>, all: bool) -> Result<(), UsageError> {
    if !all {
        return stop_one(&Instance::find(port).await?).await;
    }
    let found = instances().await?;
    if found.running.is_empty() && found.silent.is_empty() {
        return Err(ControlError::NoneRuns.into());
    }
    // If stopping one fails, the others are stopped all the same.
    let mut problems: Vec<Untrusted<String>> = found.silent.iter().map(|error| error.to_string().into()).collect();
    for instance in &found.running {
        if let Err(error) = stop_one(instance).await {
            problems.extend(error.problems());
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(UsageError::Several(problems)) }
}

async fn stop_one(instance: &Instance) -> Result<(), UsageError> {
    let mut connection = instance.connect().await?;
    connection.ask(&Request::Stop).await?;
    let who = format!("the balancer on port {} (pid {})", instance.port(), instance.hello.pid);
    // No time limit: the grace time may be long, and the connection ends with the process in any case.
    match connection.next().await {
        Ok(Some(Reply::Ended(Ending::Finished))) => say(&format!("stopped {who}")),
        Ok(Some(Reply::Ended(Ending::Cut { connections }))) => {
            let plural = if connections == 1 { "" } else { "s" };
            say(&format!("stopped {who}; {connections} connection{plural} did not finish in time and had to be cut"))
        }
        _ if instance.has_ended().await => say(&format!("{who} has ended, without a word how")),
        _ => {
            let words = format!("{who} was told to stop and runs on, but the connection to it is lost: try again");
            Err(UsageError::Failed(words))
        }
    }
}

async fn snapshot(instance: &Instance) -> Result<Snapshot, UsageError> {
    match instance.ask(&Request::Snapshot).await? {
        Reply::Snapshot(snapshot) => Ok(*snapshot),
        _ => Err(UsageError::Failed(format!("the balancer on port {} did not say how it stands", instance.port()))),
    }
}

/// The URLs of the names that lead to its pools; without names, the one to open.
fn urls(snapshot: &Snapshot) -> String {
    let named: Vec<String> = snapshot.pools.iter().flat_map(|pool| &pool.urls).map(ToString::to_string).collect();
    if named.is_empty() { snapshot.url().to_string() } else { named.join(" ") }
}

/// `42 s`, `3 min`, `5 h 12 min`, `2 d 3 h`.
fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_their_two_largest_units() {
        let told = [9, 61, 3_720, 90_000].map(duration);
        assert_eq!(told, ["9 s", "1 min", "1 h 2 min", "1 d 1 h"]);
    }
}
