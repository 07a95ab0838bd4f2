//! What is written for HAProxy and nginx comes back as the same configuration, but for what an engine has no word for.

use std::path::Path;

use serde_json::{Value, json};
use stickylb::api::{ResolvedConfig, ResolvedPool, StickyBy};
use stickylb_convert::{Cannot, Engine, Exported, Feature, Imported, Target, export, import};

use crate::corpus::{self, Case, HOME, exported, folder, old_nginx};

const ENGINES: [Engine; 2] = [Engine::Haproxy, Engine::Nginx];

/// Those of the corpus, and one that no engine's other tests need.
fn cases() -> Vec<Case> {
    let text = std::fs::read(folder("corpus/back").join("of-other-machines.json")).unwrap();
    let config = stickylb::config::parse(&Path::new(HOME).join("stickylb.json"), &text).unwrap().resolved();
    let mut all = corpus::cases();
    all.push(Case { name: "of-other-machines".to_owned(), config });
    all
}

/// What was written, as it is read.
fn read_back(case: &Case, written: &Exported) -> (Imported, ResolvedConfig) {
    let name = &case.name;
    let imported = import(&written.text).unwrap_or_else(|error| panic!("{name}: {error}\n{}", written.text));
    let text = serde_json::to_string_pretty(&imported.config).unwrap();
    let config = stickylb::config::parse(&Path::new(HOME).join("stickylb.json"), text.as_bytes())
        .unwrap_or_else(|error| panic!("{name}: {:?}\n{text}", error.problems()));
    (imported, config.resolved())
}

/// Where a configuration holds what an engine may lack, as paths in which `*` is every member.
fn places(feature: Feature) -> &'static [&'static str] {
    match feature {
        // Where clients are bound by a hash, it decides as well for those that are not bound.
        Feature::LeastLatency | Feature::LeastConnections | Feature::Random | Feature::PowerOfTwo | Feature::First => {
            &["pools/*/strategy"]
        }
        Feature::Weight => &["pools/*/backends/*/weight"],
        Feature::StickyLearn => &["pools/*/sticky/by"],
        Feature::Expiry => &["pools/*/sticky/expiryMillis"],
        Feature::MaxConnections => &["pools/*/backends/*/maxConnections"],
        Feature::Queue => &["pools/*/backends/*/maxQueue", "pools/*/backends/*/queueTimeoutMillis"],
        Feature::Idle => &["pools/*/backends/*/minIdle", "pools/*/backends/*/idleTimeoutMillis"],
        Feature::SlowStart => &["pools/*/backends/*/slowStartMillis"],
        Feature::CheckCommand => &["pools/*/backends/*/check/command"],
        Feature::CheckExpect => &["pools/*/backends/*/check/expect"],
        Feature::CheckSecrets => &["pools/*/backends/*/check/headers"],
        Feature::Agent => &["pools/*/backends/*/check/agent"],
        Feature::Ejection => &["pools/*/backends/*/check/passive"],
        Feature::RetryConnect => &["retry/onNoResponse"],
        Feature::RetryBudget => &["retry/bodyLimit", "retry/budgetPercent"],
        Feature::Hold => &["holdMillis"],
        Feature::ProxyToBackends => &["pools/*/backends/*/proxyProtocol"],
        Feature::BackendTls => &["pools/*/backends/*/verify"],
        Feature::Tls => &["listeners/*/tls/certificates/*/key"],
        Feature::OwnAuthority => &["listeners/*/tls", "pools/*/sticky/cookie/secure"],
        Feature::PlainOnTls => &["listeners/*/tls/refusesPlain"],
        Feature::HostHeader => &["hostHeader"],
        Feature::AnyPort => &["listeners/*/port"],
        Feature::User => &["downgradeToUser"],
        Feature::Mail => &["sendsMail"],
        Feature::Alerts => &["alerts"],
        // All of it comes back, in spite of what is said.
        _ => &[],
    }
}

/// Takes out what is at a path.
fn take_out(value: &mut Value, path: &str) {
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match (value, rest) {
        (Value::Array(members), Some(rest)) if first == "*" => {
            for member in members {
                take_out(member, rest);
            }
        }
        (Value::Object(members), None) => {
            members.remove(first);
        }
        (Value::Object(members), Some(rest)) => {
            members.get_mut(first).into_iter().for_each(|member| take_out(member, rest));
        }
        _ => {}
    }
}

/// The configuration without what the engine said it cannot do, and with one word for what it does alike.
fn comparable(config: &ResolvedConfig, engine: Engine, cannot: &[Cannot]) -> Value {
    let mut value = serde_json::to_value(config).unwrap();
    for pool in value["pools"].as_array_mut().unwrap() {
        compare_pool(pool, engine);
    }
    let locals = value["pools"].as_array().unwrap().iter().flat_map(|pool| pool["backends"].as_array().unwrap());
    let all_are_local = locals.clone().all(|backend| is_loopback(&backend["host"]));
    // Backends of this machine see the client's then.
    if value["hostHeader"] == "auto" && all_are_local {
        value["hostHeader"] = "client".into();
    }
    for place in cannot.iter().flat_map(|cannot| places(cannot.feature)) {
        take_out(&mut value, place);
    }
    value
}

/// Where an engine has other words for the same.
fn written_otherwise(config: &ResolvedConfig, engine: Engine) -> Vec<&'static str> {
    let backends = || config.pools.iter().flat_map(|pool| &pool.backends);
    let is_plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-:.".contains(&b));
    let mut places = Vec::new();
    // nginx has no names of servers, and HAProxy not every one.
    if engine == Engine::Nginx || backends().any(|backend| !is_plain(&backend.name)) {
        places.push("pools/*/backends/*/name");
    }
    // Weights beyond HAProxy's are scaled.
    if engine == Engine::Haproxy && backends().any(|backend| backend.weight > 256) {
        places.push("pools/*/backends/*/weight");
    }
    places
}

fn is_loopback(host: &Value) -> bool {
    ["localhost", "127.0.0.1", "::1"].iter().any(|name| host == name)
}

fn compare_pool(pool: &mut Value, engine: Engine) {
    let sticky = &mut pool["sticky"];
    let by = sticky["by"].as_str().unwrap().to_owned();
    if by != "cookie" {
        sticky["cookie"] = Value::Null;
    }
    // The name of a header is the same in any case.
    if by.starts_with("header:") {
        sticky["by"] = by.to_ascii_lowercase().into();
    }
    // Neither engine has two kinds of taking turns, and a hash of the address binds clients by it.
    if pool["strategy"] == "smooth-round-robin" {
        pool["strategy"] = "round-robin".into();
    }
    if pool["strategy"] == "hash" && !(engine == Engine::Haproxy && by == "cookie") {
        pool["strategy"] = "round-robin".into();
        if by == "off" {
            pool["sticky"]["by"] = "ip".into();
        }
    }
    let is_first = engine == Engine::Nginx && pool["strategy"] == "first";
    for (number, backend) in pool["backends"].as_array_mut().unwrap().iter_mut().enumerate() {
        // A check names some host there.
        if let Some(headers) = backend["check"]["headers"].as_array_mut() {
            headers.retain(|header| *header != json!({ "name": "host", "value": { "plain": "localhost" } }));
        }
        if engine == Engine::Nginx {
            compare_with_nginx(backend);
            // What comes first there has the others that get clients for backups.
            if is_first && backend["weight"] != 0 {
                backend["backup"] = (number > 0).into();
            }
        }
    }
    if is_first {
        pool["strategy"] = "round-robin".into();
    }
}

/// nginx checks nobody, has no names for servers, and is told one address of this machine.
fn compare_with_nginx(backend: &mut Value) {
    backend["check"] = json!({ "passive": backend["check"]["passive"] });
    if is_loopback(&backend["host"]) {
        backend["host"] = "localhost".into();
    }
}

#[test]
fn a_configuration_comes_back_as_it_was_but_for_what_was_said() {
    for engine in ENGINES {
        for case in cases() {
            let written = exported(&case, Target::new(engine));
            let (_, back) = read_back(&case, &written);
            let [mut before, mut after] =
                [&case.config, &back].map(|config| comparable(config, engine, &written.cannot));
            for place in written_otherwise(&case.config, engine) {
                take_out(&mut before, place);
                take_out(&mut after, place);
            }
            let mut different = Vec::new();
            differences("", &before, &after, &mut different);
            assert!(different.is_empty(), "{} by {}: {different:#?}\n{}", case.name, engine.name(), written.text);
        }
    }
}

/// Each place where two values differ.
fn differences(at: &str, one: &Value, other: &Value, into: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(members), Value::Object(others)) => {
            for (key, member) in members {
                differences(&format!("{at}/{key}"), member, others.get(key).unwrap_or(&Value::Null), into);
            }
        }
        (Value::Array(members), Value::Array(others)) if members.len() == others.len() => {
            for (number, (member, other)) in members.iter().zip(others).enumerate() {
                differences(&format!("{at}/{number}"), member, other, into);
            }
        }
        _ if one == other => {}
        _ => into.push(format!("{at}: {one} became {other}")),
    }
}

#[test]
fn nothing_is_left_out_of_what_was_written_here_but_what_was_said_to_be_less_there() {
    for engine in ENGINES {
        for case in cases() {
            let written = exported(&case, Target::new(engine));
            let (imported, _) = read_back(&case, &written);
            for sentence in imported.left_out {
                // JSON is looked for as a text there, and which text stood for what is not known.
                let is_json = written.cannot.iter().any(|cannot| cannot.feature == Feature::CheckExpect);
                assert!(is_json && sentence.contains("rstring"), "{} by {}: {sentence}", case.name, engine.name());
            }
        }
    }
}

/// The lines of a file without its comments, in which a few things that mean the same are the same.
fn lines(text: &str) -> Vec<String> {
    let plain = |line: &str| {
        let line = line.split(" # ").next().unwrap_or_default().trim().to_owned();
        line.replace("localhost", "127.0.0.1").replace(" maxqueue 1000000", "")
    };
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(plain).filter(|line| !line.is_empty()).collect()
}

#[test]
fn what_came_back_is_written_as_before() {
    for engine in ENGINES {
        for case in cases() {
            let written = exported(&case, Target::new(engine));
            let (_, back) = read_back(&case, &written);
            let again = export(&back, Target::new(engine));
            let [before, after] = [&written, &again].map(|written| lines(&written.text));
            let lost: Vec<&String> = before.iter().filter(|line| !after.contains(line)).collect();
            let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
            let is_json = written.cannot.iter().any(|cannot| cannot.feature == Feature::CheckExpect);
            let lost: Vec<&&String> = lost.iter().filter(|line| !(is_json && line.contains("rstring"))).collect();
            assert!(lost.is_empty() && new.is_empty(), "{} by {}: {lost:#?} {new:#?}", case.name, engine.name());
        }
    }
}

#[test]
fn clients_stay_bound_by_what_was_written_for_an_nginx_without_sticky_cookies() {
    for case in cases() {
        let written = exported(&case, old_nginx());
        let (imported, back) = read_back(&case, &written);
        // Of several backends at one port of names, nobody knows there which one answered.
        if written.cannot.iter().any(|cannot| cannot.feature == Feature::StickyCookie) {
            continue;
        }
        assert_eq!(imported.left_out, Vec::<String>::new(), "{}", case.name);
        let by_cookie =
            case.config.pools.iter().zip(&back.pools).filter(|(pool, _)| pool.sticky.by == StickyBy::Cookie);
        for (before, after) in by_cookie {
            let ids = |pool: &ResolvedPool| pool.backends.iter().map(|backend| backend.id).collect::<Vec<_>>();
            assert_eq!((&before.sticky, ids(before)), (&after.sticky, ids(after)), "{}", case.name);
        }
    }
}
