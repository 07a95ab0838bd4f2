//! Directives of nginx that nothing is made of, and why.

use super::blocks::Directive;
use crate::import::left_out::LeftOut;
use crate::import::words::is_among;

/// Directives that are read where they stand, and those that need nothing: ours does it anyway, or they are about how nginx does
/// its work. A map does nothing where nothing uses it.
const READ: &str = "http stream events server upstream location listen server_name proxy_pass allow deny limit_conn limit_req \
    limit_conn_zone limit_req_zone limit_conn_status limit_req_status limit_conn_log_level limit_req_log_level map geo \
    set_real_ip_from real_ip_header real_ip_recursive proxy_connect_timeout proxy_read_timeout proxy_send_timeout proxy_timeout \
    proxy_next_upstream proxy_next_upstream_tries proxy_set_header proxy_protocol proxy_ssl proxy_ssl_verify proxy_ssl_name \
    ssl_certificate ssl_certificate_key ssl_protocols client_header_timeout client_body_timeout keepalive_timeout \
    large_client_header_buffers max_headers client_max_body_size worker_connections worker_shutdown_timeout user error_page \
    proxy_redirect access_log worker_processes proxy_buffering if add_header set";

const SO_HERE: &str = "worker_rlimit_nofile worker_cpu_affinity pid lock_file multi_accept use accept_mutex sendfile tcp_nopush \
    tcp_nodelay types_hash_max_size types_hash_bucket_size server_names_hash_bucket_size server_names_hash_max_size \
    variables_hash_bucket_size variables_hash_max_size map_hash_bucket_size map_hash_max_size proxy_http_version proxy_buffers \
    proxy_buffer_size proxy_busy_buffers_size proxy_request_buffering proxy_headers_hash_max_size \
    proxy_headers_hash_bucket_size proxy_max_temp_file_size proxy_temp_path client_body_temp_path fastcgi_temp_path \
    uwsgi_temp_path scgi_temp_path client_body_buffer_size client_header_buffer_size proxy_socket_keepalive \
    proxy_ssl_server_name proxy_ssl_session_reuse proxy_ssl_trusted_certificate proxy_ssl_verify_depth proxy_ssl_protocols \
    ssl_session_cache ssl_session_timeout ssl_session_tickets ssl_prefer_server_ciphers daemon master_process \
    keepalive_requests reset_timedout_connection proxy_pass_request_headers proxy_pass_request_body thread_pool \
    default_type types server_tokens load_module";

/// Directives, and why they are left out.
const LEFT_OUT: [(&str, &str); 11] = [
    ("include", "other files are not read: import what is in it by itself"),
    ("log_format error_log log_not_found log_subrequest open_log_file_cache rewrite_log", LOG),
    (
        "add_header more_set_headers proxy_hide_header proxy_pass_header proxy_ignore_headers sub_filter sub_filter_once rewrite \
         set gzip gzip_types gzip_vary gzip_proxied gzip_comp_level gzip_min_length gzip_http_version gzip_disable gzip_buffers \
         brotli expires etag proxy_cookie_path proxy_cookie_domain proxy_cookie_flags chunked_transfer_encoding proxy_method",
        CHANGES,
    ),
    (
        "proxy_cache proxy_cache_path proxy_cache_valid proxy_cache_key proxy_cache_bypass proxy_no_cache",
        "nothing is cached here",
    ),
    (
        "root alias index autoindex fastcgi_pass uwsgi_pass scgi_pass grpc_pass fastcgi_param memcached_pass",
        "requests go to HTTP servers here, and no files are served",
    ),
    ("try_files", "no files are served here, all goes on to the server"),
    ("return", "nothing here answers by itself, but from http to https on a port for TLS"),
    ("http2 http3 quic_retry", "HTTP/1.1 is spoken here"),
    (
        "ssl_ciphers ssl_ecdh_curve ssl_dhparam ssl_stapling ssl_stapling_verify ssl_trusted_certificate ssl_conf_command \
         ssl_early_data ssl_buffer_size",
        "TLS is spoken here as its library does it",
    ),
    (
        "ssl_client_certificate ssl_verify_client ssl_verify_depth ssl_crl",
        "clients are not asked for certificates here",
    ),
    ("resolver resolver_timeout", "names are looked up as the system does"),
];

const LOG: &str = "the log here has a form of its own";
const CHANGES: &str = "requests and answers pass here as they are";

/// Header fields of requests that ours sets itself.
const FORWARDED: &str =
    "host upgrade connection x-forwarded-for x-forwarded-proto x-forwarded-host x-real-ip forwarded";

/// Says of all directives that nothing is made of, here and in the blocks below.
pub(super) fn say(directives: &[Directive], left_out: &mut LeftOut) {
    for directive in directives {
        let name = directive.name();
        if let Some(why) = why_not(directive) {
            left_out.part(directive.line, &directive.text(), why);
        } else if !is_among(READ, name) && !is_among(SO_HERE, name) {
            left_out.nothing_like(directive.line, &directive.text());
        } else if !matches!(name, "map" | "geo" | "upstream" | "types" | "if") && directive.word(1) != "@plain" {
            say(directive.inside(), left_out);
        }
    }
}

/// Why a directive is left out that others of its name are not, or that all are.
fn why_not(directive: &Directive) -> Option<&'static str> {
    let (name, argument) = (directive.name(), directive.word(1).to_ascii_lowercase());
    match name {
        // What our own export binds clients by.
        "add_header" if directive.word(2) == "$set_sticky_cookie" => None,
        "access_log" if argument != "off" => Some(LOG),
        "worker_processes" if argument != "auto" => Some("there is one thread for each processor"),
        "proxy_buffering" if argument == "on" => Some("answers are passed on as they come"),
        // It does nothing by itself.
        "set" if !directive.word(2).contains('$') => None,
        "if" if !is_read(directive) => Some("requests go by host, path and protocol here"),
        "error_page" if !["497", "418"].contains(&directive.word(1)) => {
            Some("the pages for errors are this program's own")
        }
        // Without a value it is taken away, as ours does where nobody is believed.
        "proxy_set_header" if !is_among(FORWARDED, &argument) && !directive.word(2).is_empty() => Some(CHANGES),
        "proxy_redirect" if argument == "off" || argument != "default" && !directive.word(2).starts_with('$') => {
            Some("what a backend says of its own address leads back here")
        }
        _ => LEFT_OUT.into_iter().find(|(names, _)| is_among(names, name)).map(|(_, why)| why),
    }
}

/// Whether an `if` is one that a map is read with: what leads nowhere is answered 404, and what stays open for long is led, by a
/// status that no answer has, to where it may.
fn is_read(directive: &Directive) -> bool {
    let answers = directive.inside().first().map(|inner| inner.words.join(" ")).unwrap_or_default();
    let condition: String = directive.arguments().concat();
    match answers.as_str() {
        "return 404" => condition.starts_with("($") && condition.ends_with("=)"),
        "return 418" => condition == "($long_lived)",
        _ => false,
    }
}
