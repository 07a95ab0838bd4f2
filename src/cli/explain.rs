//! `explain`: who would get a request, and why.

use std::fmt::Write as _;

use super::args::Explain;
use super::columns::aligned;
use super::layers::UsageError;
use super::say::say;
use crate::control::{Instance, Reply, Request};
use stickylb::api::{Explanation, Question};
use stickylb::untrusted::{escaped_json, visible};

/// Asks a balancer that runs, and shows what it says.
pub(super) async fn explain(asked: &Explain) -> Result<(), UsageError> {
    let question = Question {
        method: asked.method.clone(),
        url: asked.url.clone(),
        headers: asked.headers.iter().map(|line| field(line)).collect::<Result<_, _>>()?,
        ip: asked.ip,
    };
    let instance = Instance::find(asked.port).await?;
    let explanation = match instance.ask(&Request::Explain(question)).await? {
        Reply::Explained(explanation) => explanation,
        Reply::Unclear(unclear) => return Err(UsageError::Words(vec![unclear.to_string()])),
        _ => return Err(UsageError::Failed("the balancer gave another answer than was asked for".to_owned())),
    };
    if asked.json {
        let text = serde_json::to_string(&explanation).map_err(|error| UsageError::Failed(error.to_string()))?;
        say(&escaped_json(text))
    } else {
        say(&words(asked, &explanation))
    }
}

/// `Name: value`, as curl writes it.
fn field(line: &str) -> Result<(String, String), UsageError> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| UsageError::Words(vec![format!("'{line}' is no header: write -H 'Name: value'")]))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn words(asked: &Explain, explanation: &Explanation) -> String {
    let decision = &explanation.decision;
    let who = match &explanation.backend {
        Some(backend) => format!("would go to {} ({})", visible(&backend.name), visible(&backend.url)),
        None => "would go to no backend".to_owned(),
    };
    let mut text = format!("{} {} {who}\n", visible(&asked.method), visible(&asked.url));
    // Writing to a string cannot fail.
    let mut say = |title: &str, what: &str| {
        let _ = writeln!(text, "{title:<10}{what}");
    };
    say("why:", &explanation.reason);
    if let Some(holds) = &explanation.holds {
        say("", holds);
    }
    let key = decision.key.as_ref().map_or_else(|| "none".to_owned(), |key| visible(&key.to_string()).into_owned());
    say("key:", &key);
    if let Some(pool) = &decision.pool {
        say("pool:", &visible(pool));
    }
    if !decision.candidates.is_empty() {
        let mut rows = vec![["ID", "NAME", "ACT", "SCORE", "LEFT OUT"].map(str::to_owned)];
        rows.extend(decision.candidates.iter().map(|one| {
            [
                one.backend.id.to_string(),
                visible(&one.backend.name).into_owned(),
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
