//! How a client keeps its backend.
//!
//! By cookie: `header_to_metadata` takes our cookie's value as the `id` that the subset load balancer looks for. Where that
//! backend is out, the second of the `fallback_list` is an id that nobody has, which leads to any of them. A plain fallback
//! would be used only where no backend ever had the id.

use stickylb::api::{Mode, ResolvedPool, StickyBy};

use super::block::{block, extension, item};
use super::facts::{TAKES_NEW, cookie, has_drained, hashes, moves_clients};
use super::scope::Listener;
use crate::export::feature::Feature;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// The filters that cookies need.
pub(super) fn filters(this: &Listener, to: &mut Writer) {
    if !this.pools().any(|pool| cookie(pool).is_some()) {
        return;
    }
    if this.pools().any(moves_clients) {
        let kind = "envoy.extensions.filters.http.set_metadata.v3.Config";
        to.comment("Where the backend of a cookie is out, another one is taken.");
        extension(to, FALLBACK, kind, |to| {
            block(to, "metadata:", |to| {
                item(to, "metadata_namespace: envoy.lb", |to| to.line("value: {fallback_list: [{}, {id: none}]}"));
            });
        });
    }
    to.comment("Which cookie is looked for, the routes say.");
    extension(to, "envoy.filters.http.header_to_metadata", RULES, |_| {});
}

/// The filter that says what is done where the backend of a cookie is out.
const FALLBACK: &str = "envoy.filters.http.set_metadata";
/// The configuration of the filter that reads cookies, as a whole and in a route.
const RULES: &str = "envoy.extensions.filters.http.header_to_metadata.v3.Config";

/// Whether the request named the backend that answers it, in CEL: what the filter found is the endpoint's own id.
const UNLESS_SENT: &str = "'envoy.lb' in metadata.filter_metadata && 'id' in metadata.filter_metadata['envoy.lb'] && \
                           metadata.filter_metadata['envoy.lb']['id'] == \
                           xds.upstream_host_metadata.filter_metadata['envoy.lb']['id']";
/// `Set-Cookie` of the backend that answers.
const SET_COOKIE: &str = "xds.upstream_host_metadata.filter_metadata['stickylb']['set_cookie']";

/// What a route to this pool does about its cookie.
pub(super) fn route(this: &Listener, pool: &ResolvedPool, to: &mut Writer) {
    let Some(cookie) = cookie(pool) else { return };
    let strict = !moves_clients(pool) && this.pools().any(moves_clients);
    let name = format!("{}-{}", if strict { "strict" } else { "cookie" }, pool.name);
    this.anchors.block(to, "typed_per_filter_config:", &name, |to| {
        block(to, "envoy.filters.http.header_to_metadata:", |to| {
            super::block::typed(to, RULES, |to| {
                block(to, "request_rules:", |to| {
                    item(to, &format!("cookie: {}", quoted(&cookie.name)), |to| {
                        to.line("on_header_present: {metadata_namespace: envoy.lb, key: id, type: STRING}");
                    });
                });
            });
        });
        if strict {
            block(to, &format!("{FALLBACK}:"), |to| {
                super::block::typed(to, "envoy.config.route.v3.FilterConfig", |to| to.line("disabled: true"));
            });
        }
    });
    this.anchors.block(to, "response_headers_to_add:", "set-cookie", |to| {
        to.comment("Unless the request came with it.");
        to.line(format!("- header: {{key: set-cookie, value: \"%CEL({UNLESS_SENT} ? '' : {SET_COOKIE})%\"}}"));
        to.line("  append_action: APPEND_IF_EXISTS_OR_ADD");
    });
}

/// How a cluster finds the backend of a cookie.
pub(super) fn subsets(pool: &ResolvedPool, to: &mut Writer) {
    if cookie(pool).is_none() {
        return;
    }
    to.comment("The cookie's value is the id of an endpoint. The backends see it, too.");
    block(to, "lb_subset_config:", |to| {
        if has_drained(pool) {
            to.line("fallback_policy: DEFAULT_SUBSET");
            to.line(format!("default_subset: {{{TAKES_NEW}}}"));
        } else {
            to.line("fallback_policy: ANY_ENDPOINT");
        }
        if moves_clients(pool) {
            to.line("metadata_fallback_policy: FALLBACK_LIST");
        }
        to.line("subset_selectors: [{keys: [id]}]");
    });
}

/// What of a request is hashed.
pub(super) fn hash_policy(pool: &ResolvedPool, to: &mut Writer) {
    if !hashes(pool) {
        return;
    }
    let by_address = "- connection_properties: {source_ip: true}";
    let key = match &pool.sticky.by {
        StickyBy::Header(name) => Some(format!("- header: {{header_name: {}}}", quoted(name))),
        StickyBy::Query(name) => Some(format!("- query_parameter: {{name: {}}}", quoted(name))),
        _ => None,
    };
    block(to, "hash_policy:", |to| {
        let Some(key) = key else {
            to.line(by_address);
            return;
        };
        to.line(key);
        if pool.sticky.fixed_without_key {
            to.line("  terminal: true");
            to.comment("Requests without it: something that they have in common.");
            to.line("- header: {header_name: \":scheme\"}");
        }
    });
}

/// What Envoy cannot do of a pool's stickiness.
pub(super) fn cannot(pool: &ResolvedPool, to: &mut Writer) {
    let name = &pool.name;
    let moves = "Envoy has another function, each client moves once";
    match &pool.sticky.by {
        StickyBy::Ip => to.cannot(Feature::StickyIp, format!("sticky ip of {name}: {moves}")),
        StickyBy::Header(_) => {
            to.cannot(Feature::StickyHeader, format!("sticky header of {name}: {moves}{}", others(pool)));
        }
        StickyBy::Query(_) => {
            to.cannot(Feature::StickyQuery, format!("sticky query of {name}: {moves}{}", others(pool)));
        }
        StickyBy::Learn(_) | StickyBy::Custom => {
            let sentence =
                format!("sticky learn of {name}: Envoy learns no ids from answers, clients are bound by their address");
            to.cannot(Feature::StickyLearn, sentence);
        }
        _ => {}
    }
    if cookie(pool).is_some() && pool.backends.iter().any(|backend| backend.backup) {
        let sentence = format!(
            "backups of {name}: clients with the cookie of one stay with it when the other backends are up again"
        );
        to.cannot(Feature::Backup, sentence);
    }
    if pool.sticky.fails && hashes(pool) && cookie(pool).is_none() {
        let sentence = format!("sticky.onFailure fail of {name}: what is hashed in Envoy goes to another backend");
        to.cannot(Feature::OnFailure, sentence);
    }
    if pool.mode == Mode::Tcp && pool.sticky.by == StickyBy::Ip {
        let sentence = format!(
            "sticky.expiry of {name}: Envoy remembers no clients, an address has the same backend for as long as that is up"
        );
        to.cannot(Feature::Expiry, sentence);
    }
}

/// What becomes of requests without the key.
fn others(pool: &ResolvedPool) -> &'static str {
    if pool.sticky.fixed_without_key { "" } else { ", and those without one are spread by chance" }
}
