//! Mail to the owners of backends, in real conversations with a mail server.

use serde_json::{Value, json};

use crate::mail_server::{MailServer, Mood, Tls};
use crate::support::{Backend, Balancer, Config, request, until};

const OWNER: &str = "owner@example.com";

/// The first backend has an owner, the second has none; both are checked often.
fn owned(backends: &[&Backend], email: Value) -> Config {
    Config::new(backends)
        .set("/health/interval", json!(100))
        .set("/backends/0/owner", json!(OWNER))
        .set("/email", email)
}

fn local(server: &MailServer, more: &Value) -> Value {
    let mut email = json!({
        "host": "localhost",
        "port": server.port,
        "encryption": "none",
        "auth": {"user": "lb@example.com", "pass": "hunter2"},
        "throttle": 0,
    });
    email.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    email
}

/// No output holds an address or the password.
fn nothing_is_told(balancer: &Balancer) {
    let page = balancer.get("/_lb/health").text();
    for text in balancer.lines().iter().chain([&page]) {
        for secret in ["hunter2", "example.com", "aHVudGVyMg", "\x1b"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn smart_stick_mails_the_owner_when_a_backend_goes_down_and_when_it_is_back() {
    let (backend, ownerless, server) = (Backend::echoing(), Backend::echoing(), MailServer::good());
    let balancer = owned(&[&backend, &ownerless], local(&server, &json!({}))).start();
    backend.set_healthy(false);
    let down = server.wait_for_mails(1).remove(0);
    backend.set_healthy(true);
    let back = server.wait_for_mails(2).remove(1);
    let url = format!("http://localhost:{}", backend.port);
    for (mail, subject, words) in
        [(down, "⚠️ Backend Down", "is down."), (back, "✅ Backend Recovered", "is back online.")]
    {
        assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("lb@example.com", [OWNER.to_owned()].as_slice()));
        assert_eq!((mail.field("From").as_str(), mail.field("To").as_str()), ("lb@example.com", OWNER));
        assert_eq!((mail.account.as_str(), mail.field("Subject").as_str()), ("lb@example.com:hunter2", subject));
        let mut lines = mail.body.lines();
        assert_eq!(lines.next().unwrap(), format!("Your backend at {url} {words}"));
        let time = lines.next().unwrap().strip_prefix("Time: ").unwrap();
        time.parse::<jiff::Timestamp>().unwrap();
        assert_eq!((time.len(), lines.next()), ("2026-11-20T12:04:31.000Z".len(), None));
        assert_ne!(mail.field("Date"), "");
    }
    balancer.line("mail to the owner of b0, that it is DOWN: sent");
    balancer.line("mail to the owner of b0, that it is back: sent");
    nothing_is_told(&balancer);
}

#[test]
fn smart_stick_mails_nobody_about_a_backend_without_an_owner() {
    let (backend, ownerless, server) = (Backend::echoing(), Backend::echoing(), MailServer::good());
    let balancer = owned(&[&backend, &ownerless], local(&server, &json!({}))).start();
    ownerless.set_healthy(false);
    balancer.line("b1: UP -> DOWN");
    backend.set_healthy(false);
    let mails = server.wait_for_mails(1);
    assert!(mails[0].body.contains(&format!(":{}", backend.port)), "{mails:?}");
    assert_eq!(mails.len(), 1);
}

#[test]
fn mail_comes_from_the_configured_address_and_goes_to_every_owner() {
    let (backend, server) = (Backend::echoing(), MailServer::good());
    let email =
        json!({"host": "localhost", "port": server.port, "encryption": "none", "from": "Der Verteiler <lb@b.example>"});
    let _balancer =
        owned(&[&backend], email).set("/backends/0/owner", json!("Ann <ann@a.example>, ben@b.example")).start();
    backend.set_healthy(false);
    let mail = server.wait_for_mails(1).remove(0);
    assert_eq!((mail.from.as_str(), mail.account.as_str()), ("lb@b.example", ""));
    assert_eq!(mail.to, ["ann@a.example", "ben@b.example"]);
    assert!(mail.field("From").contains("Der Verteiler"), "{}", mail.head);
}

#[test]
fn each_mail_has_an_id_of_its_own_and_the_server_is_greeted_by_a_name_that_can_be_set() {
    let (backend, server) = (Backend::echoing(), MailServer::good());
    let balancer = owned(&[&backend], local(&server, &json!({}))).start();
    backend.set_healthy(false);
    server.wait_for_mails(1);
    backend.set_healthy(true);
    let mails = server.wait_for_mails(2);
    let ids: Vec<String> = mails.iter().map(|mail| mail.field("Message-ID")).collect();
    for id in &ids {
        assert!(id.starts_with('<') && id.ends_with("@example.com>") && !id.contains(' '), "RFC 5322 3.6.4: {id}");
    }
    assert_ne!(ids[0], ids[1]);
    let own = &mails[0].greeting;
    assert!(own.contains('.') || own.starts_with("[IPv6:"), "a name with a domain or an address: {own}");
    nothing_is_told(&balancer);

    let named = MailServer::good();
    let _balancer = owned(&[&backend], local(&named, &json!({"name": "lb.example.com"}))).start();
    backend.set_healthy(false);
    assert_eq!(named.wait_for_mails(1)[0].greeting, "lb.example.com");
}

#[test]
fn the_password_travels_over_tls_in_either_way_of_logging_in() {
    for (tls, name) in [(Tls::AfterGreeting, "starttls"), (Tls::FromTheStart, "tls")] {
        for ways in ["PLAIN", "LOGIN"] {
            let (backend, server) = (Backend::echoing(), MailServer::start(tls, ways, Mood::Good));
            let email = local(&server, &json!({"encryption": name, "tls": {"verify": false}}));
            let _balancer = owned(&[&backend], email).start();
            backend.set_healthy(false);
            let mail = server.wait_for_mails(1).remove(0);
            assert!(mail.over_tls, "{name} {ways}");
            assert_eq!(mail.account, "lb@example.com:hunter2");
        }
    }
}

#[test]
fn a_certificate_that_the_system_trusts_needs_no_exception() {
    let (backend, server) = (Backend::echoing(), MailServer::start(Tls::FromTheStart, "PLAIN", Mood::Good));
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, &server.certificate).unwrap();
    let _balancer = owned(&[&backend], local(&server, &json!({"encryption": "tls"})))
        .env("SSL_CERT_FILE", trusted.to_str().unwrap())
        .start();
    backend.set_healthy(false);
    assert!(server.wait_for_mails(1)[0].over_tls);
}

/// Starts, loses a backend, and returns what is said of the mail about it; another backend goes on serving.
fn failure(server: &MailServer, more: &Value) -> String {
    let (backend, other) = (Backend::echoing(), Backend::echoing());
    let balancer = owned(&[&backend, &other], local(server, more)).start();
    backend.set_healthy(false);
    balancer.line("b0: UP -> DOWN");
    let answer = balancer.exchange(&request("GET", "/", &[]));
    assert_eq!((answer.status, answer.backend()), (200, Some(1)), "mail holds up no request");
    let line = balancer.line("mail to the owner of b0, that it is DOWN: failed: ");
    nothing_is_told(&balancer);
    backend.set_healthy(true);
    balancer.line("b0: DOWN -> UP");
    line.split("failed: ").skip(1).collect::<Vec<_>>().join("failed: ")
}

#[test]
fn an_unknown_certificate_is_refused_and_the_reason_names_the_key() {
    let server = MailServer::start(Tls::FromTheStart, "PLAIN", Mood::Good);
    let why = failure(&server, &json!({"encryption": "tls"}));
    assert!(why.contains("certificate") && why.ends_with("check email.host, or allow it by email.tls.verify"), "{why}");
    assert!(server.mails().is_empty());
}

#[test]
fn without_starttls_the_password_is_not_sent() {
    let server = MailServer::good();
    let why = failure(&server, &json!({"encryption": "starttls"}));
    assert_eq!(why, format!("localhost:{}: it offers no STARTTLS; check email.encryption", server.port));
    assert!(server.mails().is_empty());
}

#[test]
fn a_server_that_refuses_the_account_repeats_no_secret_here() {
    let server = MailServer::start(Tls::Never, "LOGIN", Mood::RefusesAccount);
    let why = failure(&server, &json!({}));
    assert!(why.contains("the login failed") && why.contains("no such account"), "{why}");
    assert!(why.ends_with("; check email.auth"), "{why}");
}

#[test]
fn a_server_that_refuses_the_owner_repeats_no_address_here() {
    let server = MailServer::start(Tls::Never, "PLAIN", Mood::RefusesRecipient);
    let why = failure(&server, &json!({}));
    assert!(why.contains("550") && why.ends_with("; check email.from and the owner"), "{why}");
}

#[test]
fn a_server_that_drops_the_conversation_is_named() {
    let server = MailServer::start(Tls::Never, "PLAIN", Mood::Drops);
    let why = failure(&server, &json!({}));
    assert!(why.starts_with(&format!("localhost:{}: the mail failed: ", server.port)), "{why}");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let server = MailServer::good();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let why = failure(&server, &json!({"port": port}));
    assert!(why.starts_with(&format!("localhost:{port}: the connection failed: ")), "{why}");
    assert!(why.ends_with("; check email.host and email.port"), "{why}");
}

#[test]
fn a_silent_server_is_given_up_in_time() {
    let server = MailServer::start(Tls::Never, "PLAIN", Mood::Silent);
    let why = failure(&server, &json!({}));
    let told = "no answer to the connection within 10 s; check email.host and email.port";
    assert_eq!(why, format!("localhost:{}: {told}", server.port));
}

#[test]
fn flapping_is_one_mail_until_the_throttle_ends() {
    let (backend, server) = (Backend::echoing(), MailServer::good());
    let balancer = owned(&[&backend], local(&server, &json!({"throttle": 3_000}))).start();
    backend.set_healthy(false);
    server.wait_for_mails(1);
    for (healthy, change) in [(true, "DOWN -> UP"), (false, "UP -> DOWN"), (true, "DOWN -> UP")] {
        let before = balancer.lines().iter().filter(|line| line.contains(change)).count();
        backend.set_healthy(healthy);
        until(change, || balancer.lines().iter().filter(|line| line.contains(change)).count() > before);
    }
    let mails = server.wait_for_mails(2);
    assert_eq!([mails[0].field("Subject"), mails[1].field("Subject")], ["⚠️ Backend Down", "✅ Backend Recovered"]);
    let checks = backend.checks();
    until("more checks", || backend.checks() >= checks + 3);
    assert_eq!(server.mails().len(), 2);
}

#[cfg(unix)]
#[test]
fn what_is_still_to_be_told_is_told_when_the_program_stops() {
    let (backend, server) = (Backend::echoing(), MailServer::good());
    let mut balancer = owned(&[&backend], local(&server, &json!({"throttle": 3_600_000}))).start();
    backend.set_healthy(false);
    server.wait_for_mails(1);
    backend.set_healthy(true);
    balancer.line("DOWN -> UP");
    balancer.terminate();
    assert_eq!(server.wait_for_mails(2)[1].field("Subject"), "✅ Backend Recovered");
    until("it has ended", || !balancer.is_running());
}

#[cfg(unix)]
#[test]
fn a_silent_server_holds_up_the_end_for_a_moment_only() {
    let (backend, server) = (Backend::echoing(), MailServer::start(Tls::Never, "PLAIN", Mood::Silent));
    let mut balancer = owned(&[&backend], local(&server, &json!({}))).start();
    backend.set_healthy(false);
    until("it is called", || server.connections() == 1);
    let asked = std::time::Instant::now();
    balancer.terminate();
    until("it has ended", || !balancer.is_running());
    // Two seconds for mail, and as many for a busy machine: less than the ten that the conversation could take.
    assert!(asked.elapsed().as_secs() < 8, "{:?}", asked.elapsed());
}

#[test]
fn a_backend_that_is_well_is_no_news() {
    let (backend, server) = (Backend::echoing(), MailServer::good());
    let balancer = owned(&[&backend], local(&server, &json!({}))).start();
    assert_eq!(balancer.get("/").status, 200);
    let checks = backend.checks();
    until("more checks", || backend.checks() >= checks + 3);
    assert_eq!(server.connections(), 0);
}
