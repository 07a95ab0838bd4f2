//! Files of other load balancers, as `import` reads them.
//!
//! The target checks that a file is read alike each time, that what is refused and what is left out is said in sentences, and
//! that a configuration comes of the rest, which may be one that is not valid.

use std::path::Path;
use stickylb::config::{ConfigError, parse};
use stickylb_convert::import;

/// Tokens of the formats.
pub const TOKENS: &[&str] = &[
    "global\n",
    "defaults d from d\n",
    "frontend f\n bind :80,[::1]:81 ssl crt a.pem\n",
    "backend b\n server s 10.0.0.1:80 check cookie 1\n",
    "listen l\n mode tcp\n bind *:1\n server s unix@/s send-proxy\n",
    " use_backend b if { path_beg /a } || !{ hdr(host) -i a.test }\n",
    " acl a src 10.0.0.0/8\n",
    " http-request deny unless a\n",
    " http-request set-var(txn.a) var(txn.a)\n",
    " cookie C insert attr \"Max-Age=1\"\n",
    " http-check expect status 200-399\n",
    " server s 10.0.0.1:80 track b/s\n",
    ".if\n",
    "\"${X}\"",
    "\\x41",
    "server {",
    "upstream u {",
    "http {",
    "stream {",
    "location /a {",
    "location @a {",
    "proxy_pass http://u/;",
    "proxy_pass http://$m;",
    "map $http_upgrade $m { default u; websocket u.1; }",
    "map $m $m { default $m; }",
    "map \"$host $request_uri\" $m { hostnames; ~^a\\.test /b(?:[/?]|$) http://u; }",
    "sticky cookie c expires=1h;",
    "sticky learn create=$upstream_cookie_a lookup=$cookie_a;",
    "hash $arg_a consistent;",
    "listen [::]:80 ssl proxy_protocol;",
    "server_name .a.test _ ~x;",
    "a_by_lua_block { { }",
    "}",
    ";",
    "#",
    "'",
    "[frontend]\n",
    "{\"sourcePort\": 1, \"targets\": [{\"port\": 1}]}",
    "\0",
    "日本",
];

/// A file's bytes.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = import(&text);
    assert_eq!(import(&text), found, "read again it is something else");
    let imported = match found {
        Ok(imported) => imported,
        Err(error) => {
            assert!(!error.is_empty(), "no sentence");
            return;
        }
    };
    assert!(imported.left_out.iter().all(|sentence| sentence.contains(' ')), "{:?}", imported.left_out);
    let config = imported.config.to_string();
    // A secret may be read from a file that never ends, such as a device.
    if config.contains("\"file:") {
        return;
    }
    if let Err(error) = parse(Path::new("a.json"), config.as_bytes()) {
        assert!(matches!(error, ConfigError::Invalid { .. }), "no configuration: {error}");
    }
}
