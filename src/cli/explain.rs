//! `explain`: which backend would get a request, and why.

use std::fmt::{Display, Write as _};

use super::args::Explain;
use super::layers::UsageError;
use super::say::say;
use crate::control::{Instance, Reply, Request};
use crate::words::aligned;
use stickylb::api::{Explanation, Question};
use stickylb::untrusted::{Untrusted, json};

/// Asks a running balancer, and prints its answer.
pub(super) async fn explain(asked: &Explain) -> Result<(), UsageError> {
    let mut question = Question::new(asked.method.as_str(), asked.url.as_str());
    question.headers = asked.headers.iter().map(|line| field(line)).collect::<Result<_, _>>()?;
    question.ip = asked.ip;
    let instance = Instance::find(asked.port).await?;
    let explanation = match instance.ask(&Request::Explain(question)).await? {
        Reply::Explained(explanation) => explanation,
        Reply::Unclear(unclear) => return Err(UsageError::Words(vec![unclear.why])),
        _ => return Err(UsageError::Failed("the balancer gave another answer than was asked for".to_owned())),
    };
    if asked.json {
        say(&json(&explanation).map_err(|error| UsageError::Failed(error.to_string()))?)
    } else {
        say(&words(asked, &explanation))
    }
}

/// Splits `Name: value`, as curl's `-H` takes it.
fn field(line: &str) -> Result<(String, String), UsageError> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| UsageError::Words(vec![format!("'{line}' is no header: write -H 'Name: value'").into()]))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn words(asked: &Explain, explanation: &Explanation) -> String {
    let decision = &explanation.decision;
    let who = match &explanation.backend {
        Some(backend) => format!("would go to {} ({})", backend.name, backend.url),
        None => "would go to no backend".to_owned(),
    };
    let mut text = format!("{} {} {who}\n", Untrusted::new(&asked.method), Untrusted::new(&asked.url));
    // Writing to a string cannot fail.
    let mut say = |title: &str, what: &dyn Display| {
        let _ = writeln!(text, "{title:<10}{what}");
    };
    say("why:", &explanation.reason);
    if let Some(holds) = &explanation.holds {
        say("", holds);
    }
    match &decision.key {
        Some(key) => say("key:", key),
        None => say("key:", &"none"),
    }
    if let Some(pool) = &decision.pool {
        say("pool:", pool);
    }
    if !decision.candidates.is_empty() {
        let mut rows = vec![["ID", "NAME", "ACT", "SCORE", "LEFT OUT"].map(str::to_owned)];
        rows.extend(decision.candidates.iter().map(|one| {
            [
                one.backend.id.to_string(),
                one.backend.name.to_string(),
                one.active.to_string(),
                one.score.to_string(),
                one.excluded.as_ref().map(ToString::to_string).unwrap_or_default(),
            ]
        }));
        text.push_str(&aligned(&rows));
    }
    text.push_str("nothing was sent, and nothing has changed\n");
    text
}
