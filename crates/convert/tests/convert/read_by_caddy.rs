//! What is written is read by the real Caddy.

use std::path::{Path, PathBuf};
use std::process::Command;

use stickylb::api::{Intent, ResolvedConfig, ResolvedScheme, StickyBy, UpgradeMatch};
use stickylb_convert::{Engine, Target, export};

use crate::corpus::{cases, exported, odd, row};
use crate::engines::{Home, or_left_out, said};
use crate::installed::of_environment;

fn program() -> Option<PathBuf> {
    or_left_out(of_environment("caddy"), "Caddy")
}

/// A command of Caddy, which keeps its files in this folder.
fn caddy(program: &Path, home: &Home, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env("HOME", home.path());
    command.env("XDG_DATA_HOME", home.path().join("data")).env("XDG_CONFIG_HOME", home.path().join("config"));
    command
}

/// Whether Caddy takes this file, and what it says.
fn validated(program: &Path, home: &Home, text: &str) -> (bool, String) {
    let file = home.write("Caddyfile", text);
    said(&mut caddy(program, home, &["validate", "--adapter", "caddyfile", "--config", file.to_str().unwrap()]))
}

#[test]
fn what_is_written_is_valid_and_no_warning() {
    let Some(program) = program() else { return };
    let home = Home::new();
    let mut wrong = Vec::new();
    for case in cases().into_iter().chain(odd()) {
        let (is_valid, said) = validated(&program, &home, &exported(&case, Target::new(Engine::Caddy)).text);
        let noticed: Vec<&str> = said.lines().filter(|line| !line.contains(r#""level":"info""#)).collect();
        // That certificates are made when they are asked for is what is wanted.
        let noticed: Vec<&&str> = noticed.iter().filter(|line| !line.contains("on-demand TLS is enabled")).collect();
        if !is_valid || noticed != [&"Valid configuration"] {
            wrong.push(format!("{}: {noticed:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_written_is_laid_out_as_its_formatter_would() {
    let Some(program) = program() else { return };
    let home = Home::new();
    let mut wrong = Vec::new();
    for case in cases() {
        let text = exported(&case, Target::new(Engine::Caddy)).text;
        let file = home.write("Caddyfile", &text);
        let (_, formatted) = said(&mut caddy(&program, &home, &["fmt", "--overwrite", file.to_str().unwrap()]));
        let after = std::fs::read_to_string(&file).unwrap().replace(home.path().to_str().unwrap(), crate::corpus::HOME);
        if after != text {
            wrong.push(format!("{}: {formatted}\n{after}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Text that means something to a Caddyfile, a placeholder or a regular expression.
const AWKWARD: [&str; 9] = [
    "{env.STICKYLB_TEST_AWKWARD}",
    "{$STICKYLB_TEST_AWKWARD}",
    "{args[0]}",
    "\\{env.STICKYLB_TEST_AWKWARD\\}",
    "a\"b\\",
    "`a` \"b\" \\",
    "#a",
    "}\n{\n",
    "(a|b)*[c]$^+?. é",
];

/// A configuration with this text wherever any text may stand.
fn with_everywhere(text: &str, by: &StickyBy) -> ResolvedConfig {
    let mut config = row("routes").config;
    for pool in &mut config.pools {
        pool.sticky.by = by.clone();
        pool.sticky.cookie.path = format!("/{text}");
        for (number, backend) in pool.backends.iter_mut().enumerate() {
            text.clone_into(&mut backend.name);
            if number == 0 {
                backend.scheme = ResolvedScheme::Unix(format!("/run/{text}"));
            }
            backend.check.path = format!("/{text}");
            backend.check.expect.body = Some(text.to_owned());
        }
    }
    let listener = &mut config.listeners[0];
    listener.tls.clone_from(&row("tls").config.listeners[0].tls);
    listener.routes[0].path_prefix = Some(format!("/{text}"));
    listener.routes[2].upgrade = Some(UpgradeMatch::Protocol(text.to_owned()));
    config
}

#[test]
fn text_of_the_configuration_is_neither_read_as_syntax_nor_replaced() {
    let Some(program) = program() else { return };
    let home = Home::new();
    for text in AWKWARD {
        for by in [StickyBy::Cookie, StickyBy::Query(text.into()), StickyBy::Off] {
            let config = with_everywhere(text, &by);
            let written = export(&config, Target::new(Engine::Caddy)).text;
            let file = home.write("Caddyfile", &written);
            for word in ["validate", "adapt"] {
                let mut command =
                    caddy(&program, &home, &[word, "--adapter", "caddyfile", "--config", file.to_str().unwrap()]);
                // What would end a line and a block, if it came to stand there.
                let (is_read, said) = said(command.env("STICKYLB_TEST_AWKWARD", "REPLACED\n}\n"));
                assert!(is_read, "{text} with {by}: {said}\n{written}");
                assert!(!said.contains("REPLACED"), "{text} with {by}: {said}");
            }
        }
    }
}

#[test]
fn a_backend_that_is_out_is_left_out_and_a_drained_one_keeps_its_clients() {
    let Some(program) = program() else { return };
    let home = Home::new();
    for name in ["sticky-cookie", "round-robin"] {
        let mut config = row(name).config;
        for (intents, addresses) in [
            ([Intent::Maint, Intent::InService], "reverse_proxy localhost:5001 {"),
            ([Intent::Drain, Intent::InService], "reverse_proxy localhost:5001 {"),
            ([Intent::Maint, Intent::Maint], "respond 503"),
        ] {
            for (backend, intent) in config.pools[0].backends.iter_mut().zip(intents) {
                backend.intent = intent;
            }
            let text = export(&config, Target::new(Engine::Caddy)).text;
            assert!(text.contains(addresses), "{text}");
            let of_its_own = text.contains("reverse_proxy localhost:5000");
            assert_eq!(of_its_own, intents[0] == Intent::Drain && name == "sticky-cookie", "{text}");
            let (is_valid, said) = validated(&program, &home, &text);
            assert!(is_valid, "{said}");
        }
    }
}

#[test]
fn a_pool_may_be_where_several_routes_lead() {
    let Some(program) = program() else { return };
    let home = Home::new();
    let mut config = row("names").config;
    for pool in &mut config.pools {
        pool.sticky.by = StickyBy::Cookie;
        pool.backends[0].backup = true;
    }
    // One that takes all requests, and then none is left for the listener's own pool.
    for takes_all in [false, true] {
        if takes_all {
            config.listeners[0].routes[1].host = None;
        }
        let text = export(&config, Target::new(Engine::Caddy)).text;
        assert_eq!(text.matches("import pool-web\n").count(), if takes_all { 2 } else { 3 }, "{text}");
        let (is_valid, said) = validated(&program, &home, &text);
        assert!(is_valid, "{said}\n{text}");
    }
}
