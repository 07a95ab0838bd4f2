//! A soak, which a person starts: `cargo test --release --test soak` (ten minutes, or `-- --seconds 60`). Clients of every
//! kind talk to two balancers, one with copies of a program (`run`), one before servers of its user's, while one of those
//! is killed every ten seconds. At the end every sum must be equal and every gauge zero, memory and descriptors as at the
//! beginning, and no request lost that need not be. It prints its figures.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[cfg(target_os = "linux")] // which tells of memory and descriptors in /proc
mod balancer;
#[cfg(target_os = "linux")]
mod clients;
#[cfg(target_os = "linux")]
mod figures;
#[cfg(target_os = "linux")]
mod log;

/// How long it takes unless told otherwise.
const SECONDS: u64 = 600;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::time::Duration;
    let mut words = std::env::args().skip(1);
    let seconds = match (words.next().as_deref(), words.next()) {
        (None, None) => SECONDS,
        (Some("--seconds"), Some(number)) => number.parse().expect("--seconds takes a whole number"),
        _ => panic!("usage: cargo test --release --test soak -- --seconds N"),
    };
    let time = Duration::from_secs(seconds);
    println!("soak: {seconds} s, one backend of each balancer killed every {} s", balancer::KILLED_EVERY.as_secs());
    let soaked = [balancer::Kind::Copies, balancer::Kind::OwnServers].map(|kind| {
        let name = kind.name();
        (name, std::thread::spawn(move || balancer::soak(kind, time)))
    });
    let mut good = true;
    for (name, soaked) in soaked {
        let problems = soaked.join().unwrap_or_else(|_| vec!["it panicked".to_owned()]);
        for problem in &problems {
            println!("{name}: NOT AS PROMISED: {problem}");
        }
        good &= problems.is_empty();
    }
    println!("soak: {}", if good { "all as promised" } else { "not all as promised" });
    if good { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("left out: the soak reads /proc, which only Linux has ({SECONDS} s there)");
}
