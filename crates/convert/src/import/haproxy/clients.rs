//! Who may come, as rules of a frontend say it.

use super::condition::{Condition, Term, Test};
use super::lines::Line;
use super::proxy::Proxy;
use crate::import::access::{Access, Rule, Rules};
use crate::import::draft::Draft;

/// Every second, in milliseconds.
const SECOND: u64 = 1000;

/// Reads the rules of a frontend; what is not ours is said. `periods` tells over how many milliseconds a counter counts.
pub(super) fn access(
    proxy: &Proxy<'_>,
    takes_proxy_protocol: bool,
    periods: &[(String, u64)],
    draft: &mut Draft,
) -> Access {
    let mut rules = Rules::default();
    for line in &proxy.rules {
        if let Err(why) = rule(line, proxy, takes_proxy_protocol, periods, &mut rules, draft) {
            draft.left_out.part(line.number, &line.text(), &why);
        }
    }
    let (limits, number) = (rules.access.clone(), proxy.section.number);
    rules.access().unwrap_or_else(|| {
        let why = "who may come is left out: what is denied is denied here whatever is allowed, and the rules there go by order";
        draft.left_out.say(number, why);
        Access { allow: Vec::new(), deny: Vec::new(), ..limits }
    })
}

fn rule(
    line: &Line,
    proxy: &Proxy<'_>,
    takes_proxy_protocol: bool,
    periods: &[(String, u64)],
    rules: &mut Rules,
    draft: &mut Draft,
) -> Result<(), String> {
    let condition_at = line.words.iter().position(|word| word == "if" || word == "unless").unwrap_or(line.words.len());
    let condition = proxy.acls.condition(line.from(condition_at))?;
    let text = line.text();
    let at = (line.number, text.as_str());
    let said = What::of(&condition).ok_or("who may come is said by addresses here")?;
    let is_about_peers = line.word(0) == "tcp-request" && line.word(1) == "connection";
    match (line.word(1), said) {
        ("set-src", What::From(networks)) => draft.once.set("trustedProxies", networks, at, &mut draft.left_out),
        ("set-src", _) => return Err("anyone would be believed: name the proxies in 'trustedProxies'".to_owned()),
        (_, What::NotFrom(networks)) if is_about_peers && takes_proxy_protocol => {
            // Who may speak the PROXY protocol: this machine always may here.
            let networks: Vec<String> =
                networks.into_iter().filter(|net| !["127.0.0.0/8", "::1"].contains(&net.as_str())).collect();
            if !networks.is_empty() {
                draft.once.set("trustedProxies", networks, at, &mut draft.left_out);
            }
        }
        (_, What::Connections(_) | What::Requests(..)) if proxy.counts_others => {
            return Err("it is addresses that are counted here".to_owned());
        }
        (_, What::Connections(limit)) => rules.access.connections_per_ip = Some(limit.saturating_sub(1)),
        (_, What::Requests(counter, limit)) => {
            // Tables may differ, and which one is meant is not looked at.
            let mut known = periods.iter().filter(|(known, _)| *known == counter).peekable();
            if known.peek().is_none() || known.any(|(_, period)| *period != SECOND) {
                return Err("requests of one client are counted by the second here".to_owned());
            }
            // It counts those that were let in, and this one is not yet one of them; or all, this one with them.
            rules.access.requests_per_second_per_ip =
                Some(if counter == "gpc0_rate" { limit } else { limit.saturating_sub(1) });
        }
        (_, What::BodyOver(bytes)) => draft.once.set("limits.bodyBytes", bytes, at, &mut draft.left_out),
        (_, who) => rules.add(who.rule(is_let_in(line))),
    }
    Ok(())
}

fn is_let_in(line: &Line) -> bool {
    line.word(1) == "allow" || line.word(2) == "accept"
}

/// What a condition says of a client.
enum What {
    Everyone,
    From(Vec<String>),
    NotFrom(Vec<String>),
    Connections(u64),
    Requests(String, u64),
    BodyOver(u64),
}

impl What {
    fn of(condition: &Condition) -> Option<What> {
        let networks = |terms: &[&Term]| -> Option<Vec<String>> {
            let network = |test: &Test| if let Test::Source(network) = test { Some(network.clone()) } else { None };
            terms.iter().flat_map(|term| &term.any_of).map(network).collect()
        };
        match condition.as_slice() {
            [group] if group.is_empty() => Some(What::Everyone),
            [group] if group.iter().all(|term| term.is_negated) => {
                networks(&group.iter().collect::<Vec<_>>()).map(What::NotFrom)
            }
            groups if groups.iter().all(|group| matches!(group.as_slice(), [term] if !term.is_negated)) => {
                match groups.concat().as_slice() {
                    [Term { any_of, .. }] if any_of.len() == 1 => match &any_of[0] {
                        Test::Always => Some(What::Everyone),
                        Test::Connections(limit) => Some(What::Connections(*limit)),
                        Test::Requests(counter, limit) => Some(What::Requests(counter.clone(), *limit)),
                        Test::BodyOver(bytes) => Some(What::BodyOver(*bytes)),
                        Test::Source(network) => Some(What::From(vec![network.clone()])),
                        _ => None,
                    },
                    _ => networks(&groups.iter().flatten().collect::<Vec<_>>()).map(What::From),
                }
            }
            _ => None,
        }
    }

    /// Our rule, for those of whom it is said.
    fn rule(self, lets_in: bool) -> Rule {
        match (self, lets_in) {
            (What::From(networks), true) => Rule::Allow(networks),
            (What::From(networks), false) => Rule::Deny(networks),
            (What::NotFrom(networks), false) => Rule::DenyOthers(networks),
            (_, false) => Rule::DenyAll,
            (_, true) => Rule::AllowAll,
        }
    }
}
