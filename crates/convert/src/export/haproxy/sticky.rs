//! What binds a client to its backend.

use stickylb::api::{
    IdInRequest, IdInResponse, Intent, LearnFrom, LearnPreset, Mode, ResolvedBackend, ResolvedCookie, ResolvedPool,
    StickyBy, Strategy,
};

use super::quote::{MOST_WORDS, fits_a_fetch, format_word, time, word};
use super::script::literal;
use super::{Feature, Writer};
use crate::export::identifier::server_names;

/// The sample that a hash is made of where requests without a key have one in common.
const KEY: &str = "txn.key";

/// The rule that hashes, in place of the strategy, where a key binds clients; `false` where none does.
pub(super) fn write_hash(pool: &ResolvedPool, to: &mut Writer) -> bool {
    let is_hash = pool.strategy == Strategy::Hash;
    let name = &pool.name;
    match &pool.sticky.by {
        StickyBy::Header(header) if fits_a_fetch(header) => {
            moves(Feature::StickyHeader, &format!("sticky by header {header} of {name}"), to);
            keyed(pool, &format!("hdr({header})"), &format!("req.hdr({header})"), to);
        }
        StickyBy::Query(parameter) if fits_a_fetch(parameter) => {
            moves(Feature::StickyQuery, &format!("sticky by query {parameter} of {name}"), to);
            keyed(pool, &format!("url_param {parameter}"), &format!("url_param({parameter})"), to);
        }
        StickyBy::Ip if pool.mode == Mode::Http => {
            moves(Feature::StickyIp, &format!("sticky by ip of {name}"), to);
            to.line("balance source");
        }
        _ if is_hash => {
            moves(Feature::Hash, &format!("hash of {name}"), to);
            to.line("balance source");
        }
        _ => return false,
    }
    to.line("hash-type consistent");
    true
}

fn moves(feature: Feature, whose: &str, to: &mut Writer) {
    to.cannot(feature, format!("{whose}: HAProxy has another hash, so that clients move once"));
}

fn keyed(pool: &ResolvedPool, algorithm: &str, fetch: &str, to: &mut Writer) {
    if pool.sticky.fixed_without_key {
        to.line(format!("http-request set-var({KEY}) str(-)"));
        to.line(format!("http-request set-var({KEY}) {fetch} if {{ {fetch} -m found }}", fetch = word(fetch)));
        to.line(format!("balance hash var({KEY})"));
        return;
    }
    match pool.strategy {
        Strategy::RoundRobin | Strategy::SmoothRoundRobin => {}
        strategy => to.cannot(
            Feature::of(strategy),
            format!("{strategy} of {} for requests without a key: HAProxy gives them out in turn", pool.name),
        ),
    }
    let words: Vec<String> = algorithm.split(' ').map(word).collect();
    to.line(format!("balance {}", words.join(" ")));
}

/// What binds it, but for a hash.
pub(super) fn write(pool: &ResolvedPool, to: &mut Writer) {
    match &pool.sticky.by {
        StickyBy::Cookie if pool.mode == Mode::Http => cookie(pool, to),
        StickyBy::Ip if pool.mode == Mode::Tcp => addresses(pool, to),
        StickyBy::Learn(sources) => learn(pool, sources, to),
        StickyBy::Custom => {
            to.cannot(
                Feature::StickyHeader,
                format!("the key of {} that a program makes: HAProxy binds nobody", pool.name),
            );
        }
        _ => {}
    }
}

fn cookie(pool: &ResolvedPool, to: &mut Writer) {
    let cookie = &pool.sticky.cookie;
    let name = word(&cookie.name);
    let secure = if cookie.secure { " secure" } else { "" };
    let attributes: Vec<String> = attributes(cookie).iter().map(|text| format!(" attr {}", word(text))).collect();
    to.line(format!("cookie {name} insert indirect nocache httponly{secure}{}", attributes.concat()));
    leave_backups(pool, to);
    if pool.sticky.fails {
        let ids: Vec<String> = pool.backends.iter().map(|backend| backend.id.to_string()).collect();
        if fits_a_fetch(&cookie.name) {
            let fetch = word(&format!("req.cook({})", cookie.name));
            for some in ids.chunks(MOST_WORDS) {
                to.line(format!("force-persist if {{ {fetch} -m str {} }}", some.join(" ")));
            }
        } else {
            fails_not(pool, to);
        }
    }
}

/// A client that is bound to a backup stays there only until others are back: it is as if its cookie said nothing.
fn leave_backups(pool: &ResolvedPool, to: &mut Writer) {
    let backups: Vec<String> =
        pool.backends.iter().filter(|backend| backend.backup).map(|backend| backend.id.to_string()).collect();
    if pool.sticky.fails || backups.is_empty() {
        return;
    }
    let cookie = &pool.sticky.cookie.name;
    let said = word(&format!("^(.*; *)?{}=({})( *;.*)?$", literal(cookie), backups.join("|")));
    let nothing = format_word(&format!("\\1{cookie}=\\3"));
    let takes_clients =
        |backend: &ResolvedBackend| !backend.backup && backend.weight > 0 && backend.intent == Intent::InService;
    for (name, backend) in server_names(&pool.backends).iter().zip(&pool.backends) {
        if takes_clients(backend) {
            let is_back = format!("{{ srv_is_up({}/{name}) }}", pool.name);
            to.line(format!("http-request replace-header Cookie {said} {nothing} if {is_back}"));
        }
    }
}

/// What stands behind the value. HAProxy writes `path=/` itself; of two, the last one counts (RFC 6265 5.3).
fn attributes(cookie: &ResolvedCookie) -> Vec<String> {
    let mut all = vec![format!("SameSite={}", cookie.same_site.word())];
    all.extend(cookie.max_age.map(|seconds| format!("Max-Age={seconds}")));
    all.extend(Some(&cookie.path).filter(|path| *path != "/").map(|path| format!("Path={path}")));
    all.extend(cookie.domain.as_ref().map(|domain| format!("Domain={domain}")));
    all
}

fn fails_not(pool: &ResolvedPool, to: &mut Writer) {
    to.cannot(
        Feature::OnFailure,
        format!("onFailure fail of {}: HAProxy moves its clients to another backend", pool.name),
    );
}

/// Addresses, each remembered until some time after its last connection has closed: a connection that is tracked holds it.
fn addresses(pool: &ResolvedPool, to: &mut Writer) {
    to.cannot(
        Feature::StickyIp,
        format!("the addresses that {} remembers: HAProxy learns them anew, so that clients move once", pool.name),
    );
    to.line(format!("stick-table type ipv6 size 100k expire {}", time(pool.sticky.expiry_millis.max(1))));
    to.line("tcp-request content track-sc1 src");
    to.line("stick on src");
    if pool.sticky.fails {
        to.line("force-persist if { src,table_server_id gt 0 }");
    }
}

fn learn(pool: &ResolvedPool, sources: &[LearnFrom], to: &mut Writer) {
    to.cannot(
        Feature::StickyLearn,
        format!("the ids that {} has learned: HAProxy learns them anew, those of now are balanced once", pool.name),
    );
    to.line("stick-table type string len 256 size 10k expire 30m");
    for source in sources {
        let rules = rules(source);
        for rule in &rules.written {
            to.line(format!("stick {rule}"));
        }
        if let Some(lacks) = rules.lacks {
            to.cannot(Feature::StickyLearn, format!("learning {source} of {}: HAProxy {lacks}", pool.name));
        }
    }
    if pool.sticky.fails {
        fails_not(pool, to);
    }
}

/// How an id is learned.
struct Rules {
    written: Vec<String>,
    /// What HAProxy does not do for it.
    lacks: Option<&'static str>,
}

fn rules(source: &LearnFrom) -> Rules {
    let by = |words: &[(&str, &str)], lacks| Rules {
        written: words.iter().map(|(rule, fetch)| format!("{rule} {}", word(fetch))).collect(),
        lacks,
    };
    match source {
        LearnFrom::Id { response, request } => match (in_response(response), in_request(request)) {
            (Some(response), Some(request)) => by(&[("match", &request), ("store-response", &response)], None),
            _ => by(&[], Some("does not read ids in bodies, it binds nobody by this one")),
        },
        LearnFrom::Preset(LearnPreset::Mcp) => {
            let rules = [("match", "req.hdr(Mcp-Session-Id)"), ("store-response", "res.hdr(Mcp-Session-Id)")];
            by(&rules, Some("does not know the older transport by server-sent events"))
        }
        LearnFrom::Preset(LearnPreset::Streamlit) => {
            let rules = [
                ("on", "req.cook(_streamlit_xsrf)"),
                ("store-response", "res.cook(_streamlit_xsrf)"),
                ("on", "req.cook(_xsrf)"),
                ("store-response", "res.cook(_xsrf)"),
            ];
            by(&rules, None)
        }
        LearnFrom::Preset(LearnPreset::Gradio) => {
            by(&[("on", "url_param(session_hash)")], Some("does not find it in a path or in JSON"))
        }
        _ => by(&[], Some("does not read ids in bodies, it binds nobody by this one")),
    }
}

fn in_response(id: &IdInResponse) -> Option<String> {
    match id {
        IdInResponse::Header(name) if fits_a_fetch(name) => Some(format!("res.hdr({name})")),
        IdInResponse::Cookie(name) if fits_a_fetch(name) => Some(format!("res.cook({name})")),
        _ => None,
    }
}

fn in_request(id: &IdInRequest) -> Option<String> {
    match id {
        IdInRequest::Header(name) if fits_a_fetch(name) => Some(format!("req.hdr({name})")),
        IdInRequest::Cookie(name) if fits_a_fetch(name) => Some(format!("req.cook({name})")),
        IdInRequest::Query(name) if fits_a_fetch(name) => Some(format!("url_param({name})")),
        _ => None,
    }
}
