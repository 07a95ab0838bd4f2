//! `ctl`, `list` and `stop`: commands to running balancers.

use serde_json::json;
use std::future::Future;
use std::process::ExitCode;

use super::args::Ctl;
use super::columns::aligned;
use super::fairness;
use super::layers::UsageError;
use super::say::{complain, say};
use crate::control::{ControlError, Instance, Reply, Request, instances};
use stickylb::api::Intent;
use stickylb::api::{BackendId, BackendView, Command, Ending, PoolView, Snapshot};
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
    let intent = |intent| move |id| Command::SetIntent { id, intent };
    match what {
        Ctl::Status { json } => {
            let snapshot = snapshot(&instance).await?;
            if *json {
                say(&pretty_json(&snapshot).map_err(|error| UsageError::Failed(error.to_string()))?)
            } else {
                let warnings = snapshot.warnings.iter().map(|warning| format!("warning: {}\n", warning.text));
                say(&(table(&snapshot) + &dropped(&snapshot) + &warnings.collect::<String>()))
            }
        }
        Ctl::Fairness { json: false } => say(&fairness::table(&snapshot(&instance).await?)),
        Ctl::Fairness { json: true } => {
            let pools = snapshot(&instance).await?.pools;
            let pools: Vec<_> =
                pools.iter().map(|pool| json!({"pool": pool.name, "fairness": pool.fairness})).collect();
            say(&pretty_json(&pools).map_err(|error| UsageError::Failed(error.to_string()))?)
        }
        Ctl::Baseline => {
            command(&instance, Command::Baseline).await?;
            say("fairness is counted from now on")
        }
        Ctl::Up { backend } => change(&instance, backend, "in service", intent(Intent::InService)).await,
        Ctl::Down { backend } => change(&instance, backend, "taken out", intent(Intent::Maint)).await,
        Ctl::Drain { backend } => change(&instance, backend, "draining", intent(Intent::Drain)).await,
        Ctl::Weight { backend, weight } => {
            let said = format!("of weight {weight}");
            change(&instance, backend, &said, |id| Command::SetWeight { id, weight: *weight }).await
        }
        Ctl::Check { backend } => change(&instance, backend, "being checked", |id| Command::CheckNow { id }).await,
        Ctl::Reload => {
            command(&instance, Command::Reload).await?;
            say("the configuration file is applied")
        }
        Ctl::Strategy { name, pool } => {
            command(&instance, Command::SetStrategy { pool: pool.clone(), strategy: *name }).await?;
            say(&format!("the strategy{} is {name}", of_pool(pool.as_deref())))
        }
        Ctl::Sticky { mode, pool } => {
            command(&instance, Command::SetSticky { pool: pool.clone(), by: mode.clone() }).await?;
            say(&format!("stickiness{} is {}", of_pool(pool.as_deref()), mode.in_words()))
        }
        Ctl::Restart => {
            command(&instance, Command::RestartAll).await?;
            say("the rolling restart has begun: its log says how it goes")
        }
        Ctl::Stop => stop_one(&instance).await,
    }
}

/// ` of web` if a pool is named, otherwise empty.
fn of_pool(pool: Option<&str>) -> String {
    pool.map(|pool| format!(" of {}", Untrusted::new(pool))).unwrap_or_default()
}

/// `list`.
pub(super) async fn list() -> Result<(), UsageError> {
    let found = instances().await?;
    let mut problems: Vec<Untrusted<String>> = found.silent.iter().map(|error| error.to_string().into()).collect();
    let mut rows = vec![["PORT", "PID", "UP", "DOWN", "STRATEGY", "UPTIME"].map(str::to_owned)];
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

/// Sends a command for one backend, and says what was done.
async fn change(
    instance: &Instance,
    backend: &str,
    said: &str,
    wanted: impl FnOnce(BackendId) -> Command,
) -> Result<(), UsageError> {
    let snapshot = snapshot(instance).await?;
    let found = named(&snapshot, backend)?;
    command(instance, wanted(found.id)).await?;
    say(&format!("{} is {said}", found.name))
}

async fn command(instance: &Instance, command: Command) -> Result<(), UsageError> {
    match instance.ask(&Request::Do(command)).await? {
        Reply::Failed(error) => Err(UsageError::Failed(error.to_string())),
        _ => Ok(()),
    }
}

/// The backend with this name, `pool/name` or id. Names win over ids, because people choose them.
fn named<'s>(snapshot: &'s Snapshot, word: &str) -> Result<&'s BackendView, UsageError> {
    let several = snapshot.pools.len() > 1;
    let full =
        |b: &BackendView| word.strip_prefix(b.pool.raw()).and_then(|rest| rest.strip_prefix('/')) == Some(b.name.raw());
    let by_name = snapshot.backends.iter().find(|b| b.name == word || several && full(b));
    let by_id = || word.parse().ok().and_then(|id: BackendId| snapshot.backends.iter().find(|b| b.id == id));
    by_name.or_else(by_id).ok_or_else(|| {
        let known: Vec<String> = snapshot.backends.iter().map(|b| format!("{} ({})", b.name, b.id)).collect();
        UsageError::Words(vec![format!("there is no backend '{word}': there is {}", known.join(", ")).into()])
    })
}

/// A backend's name as shown: `pool/name` where there are several pools.
fn full_name(snapshot: &Snapshot, backend: &BackendView) -> String {
    match snapshot.pools.len() {
        0 | 1 => backend.name.to_string(),
        _ => format!("{}/{}", backend.pool, backend.name),
    }
}

/// The text of `ctl status`.
fn table(snapshot: &Snapshot) -> String {
    let totals = &snapshot.totals;
    let plural = if totals.connections == 1 { "" } else { "s" };
    let how = |pool: &PoolView| format!("{}  sticky: {}", pool.strategy, pool.sticky);
    let urls = snapshot.listeners.iter().map(|listener| listener.url.to_string());
    let counts = format!("{} requests  {} connection{plural}\n", totals.requests, totals.connections);
    let head = match snapshot.pools.as_slice() {
        [only] => urls.chain([how(only), counts]).collect::<Vec<_>>().join("  "),
        pools => {
            let pools = pools.iter().map(|pool| format!("{}: {}\n", pool.name, how(pool)));
            urls.chain([counts]).collect::<Vec<_>>().join("  ") + &pools.collect::<String>()
        }
    };
    let titles = ["ID", "NAME", "STATE", "ADDRESS", "WEIGHT", "REQS", "ACT", "STICKY", "ERR"];
    let mut rows = vec![titles.map(str::to_owned)];
    rows.extend(snapshot.backends.iter().map(|b| {
        [
            b.id.to_string(),
            full_name(snapshot, b),
            b.state.to_string(),
            b.address.to_string(),
            b.weight.to_string(),
            b.requests.to_string(),
            b.active.to_string(),
            b.sessions.to_string(),
            b.errors.to_string(),
        ]
    }));
    head + &aligned(&rows)
}

/// `log lines dropped since the start: 12 of stdout, 3 of the log file`, where there are any.
fn dropped(snapshot: &Snapshot) -> String {
    let each = snapshot.logs.iter().filter(|log| log.dropped > 0);
    let each: Vec<String> = each.map(|log| format!("{} of {}", log.dropped, log.output.in_words())).collect();
    if each.is_empty() { String::new() } else { format!("log lines dropped since the start: {}\n", each.join(", ")) }
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
