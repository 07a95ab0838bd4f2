//! Our balancer takes the place of another engine, with what `import` made of its file.

use crate::moved::{Engine, Site};
use crate::on_haproxy::{self, HAPROXY};
use crate::on_nginx;

/// Requests of a client that must all go to one backend.
const ASKED: usize = 10;

/// A client that the engine gave a cookie is answered by the same backend here, and is given no other cookie.
fn clients_keep_their_backend_here(engine: &Engine, text: &str) {
    let site = Site::new();
    let file = site.by_hand(engine, text);
    let serving = site.serve(engine, &file);
    let cookies = site.cookies();
    drop(serving);
    let _lb = site.imported(&file);
    for (name, cookie) in &cookies {
        for _ in 0..ASKED {
            let response = site.ask(Some(cookie));
            assert_eq!((response.text(), response.get("set-cookie")), (name.clone(), None), "with {cookie}");
        }
    }
    assert_eq!(site.cookies(), cookies, "new clients get the same cookies");
}

#[test]
fn clients_of_haproxy_keep_their_backend_here() {
    if on_haproxy::is_here() {
        clients_keep_their_backend_here(
            &HAPROXY,
            "defaults\n  mode http\n  option redispatch\n  timeout connect 2s\n  timeout client 10s\n  timeout server 10s\n\
             frontend web\n  bind 127.0.0.1:PORT\n  default_backend app\n\
             backend app\n  balance roundrobin\n  cookie SERVERID insert indirect nocache\n\
             server alpha 127.0.0.1:ALPHA check cookie 11\n  server bravo 127.0.0.1:BRAVO check cookie 4 weight 2\n\
             server charlie 127.0.0.1:CHARLIE check cookie 0\n",
        );
    }
}

#[test]
fn clients_of_nginx_keep_their_backend_here() {
    if let Some(engine) = on_nginx::newest() {
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path t;"));
        let text = format!(
            "events {{}}\nhttp {{\n  access_log off; {}\n  upstream app {{\n    server 127.0.0.1:ALPHA route=11;\n    \
             server 127.0.0.1:BRAVO route=4 weight=2;\n    server 127.0.0.1:CHARLIE route=0;\n    \
             sticky cookie srv_id path=/ httponly;\n  }}\n  server {{\n    listen 127.0.0.1:PORT;\n    \
             location / {{ proxy_pass http://app; }}\n  }}\n}}\n",
            folders.join(" ")
        );
        clients_keep_their_backend_here(engine, &text);
    }
}
