//! What nginx learns stickiness from.

use stickylb::api::{IdInRequest, IdInResponse, LearnFrom, LearnPreset, ResolvedPool, StickyBy};

use super::quote::word;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Where `sticky learn` finds an id that a backend gives out, and where a client's; none where it cannot read it.
pub(super) fn parameters(source: &LearnFrom) -> Vec<String> {
    let (created, brought) = match source {
        LearnFrom::Preset(LearnPreset::Mcp) => {
            ("upstream_http_mcp_session_id".to_owned(), "http_mcp_session_id".to_owned())
        }
        LearnFrom::Preset(LearnPreset::Streamlit) => {
            ("upstream_cookie__streamlit_xsrf".to_owned(), "cookie__streamlit_xsrf".to_owned())
        }
        LearnFrom::Id { response, request } => {
            let created = match response {
                IdInResponse::Header(name) => format!("upstream_http_{}", field(name)),
                IdInResponse::Cookie(name) => format!("upstream_cookie_{name}"),
                _ => return Vec::new(),
            };
            let brought = match request {
                IdInRequest::Header(name) => format!("http_{}", field(name)),
                IdInRequest::Cookie(name) => format!("cookie_{name}"),
                IdInRequest::Query(name) => format!("arg_{name}"),
                _ => return Vec::new(),
            };
            (created, brought)
        }
        _ => return Vec::new(),
    };
    vec![word(&format!("create=${created}")), word(&format!("lookup=${brought}"))]
}

/// The name of a header field as nginx's variables have it.
fn field(name: &str) -> String {
    name.replace('-', "_").to_ascii_lowercase()
}

/// The line that learns, and what it cannot.
pub(super) fn write(pool: &ResolvedPool, upstream: &str, parameters: &[String], to: &mut Writer) {
    say(pool, !parameters.is_empty(), to);
    if !parameters.is_empty() {
        let zone = format!("zone={upstream}.learned:1m timeout=30m header");
        to.line(format!("sticky learn {} {zone};", parameters.join(" ")));
    }
}

/// Says what of it nginx cannot do.
pub(super) fn say(pool: &ResolvedPool, learns: bool, to: &mut Writer) {
    let StickyBy::Learn(sources) = &pool.sticky.by else { return };
    let name = &pool.name;
    if !learns {
        let sentence = format!(
            "sticky by {} of pool {name}: this nginx learns nothing of it, so clients are bound to no backend",
            pool.sticky.by
        );
        return to.cannot(Feature::StickyLearn, sentence);
    }
    let sentence =
        format!("sticky learn of pool {name}: what was learned before is not known to nginx, which begins anew");
    to.cannot(Feature::StickyLearn, sentence);
    for source in sources.iter().filter(|source| parameters(source).is_empty()) {
        let sentence =
            format!("sticky learn of pool {name}: nginx reads no bodies, so nothing is learned from {source}");
        to.cannot(Feature::StickyLearn, sentence);
    }
}
