//! What backends are told of the client, and whose word is believed.

use stickylb::api::ResolvedConfig;

use super::{Feature, Writer};

/// Trusted proxies in a row that are looked through.
const HOPS: i32 = 4;

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    let trusts = !config.trusted_proxies.is_empty();
    let unless = if trusts { " unless trusted" } else { "" };
    // With underscores as well: CGI and PHP take them for dashes, and nobody who is to be believed writes them.
    to.line(format!("http-request del-header \"^(x[-_]forwarded[-_].+|x[-_]real[-_]ip|forwarded)\\$\" -m reg{unless}"));
    if trusts {
        to.line("http-request del-header \"^x(_(forwarded|real)[-_]|-(forwarded|real)_)\" -m reg");
    }
    to.line("http-request add-header X-Forwarded-For %[src]");
    for (field, value) in [("proto", "%[ssl_fc,iif(https,http)]"), ("host", "%[req.hdr(host)]")] {
        let name = if field == "proto" { "X-Forwarded-Proto" } else { "X-Forwarded-Host" };
        let said = if trusts { format!(" unless {{ req.hdr(x-forwarded-{field}) -m found }}") } else { String::new() };
        to.line(format!("http-request set-header {name} {value}{said}"));
    }
    if trusts {
        to.cannot(
            Feature::TrustedProxies,
            "trustedProxies that tell of a client by Forwarded: HAProxy 2.6 does not read it, X-Forwarded-* alone counts",
        );
        // Each is the client if the one before it, on the way here, is a proxy that is believed.
        for hop in 1..=HOPS {
            to.line(format!("http-request set-src hdr_ip(x-forwarded-for,-{}) if trusted", hop + 1));
        }
    }
    to.line("http-request set-header X-Real-IP %[src]");
}
