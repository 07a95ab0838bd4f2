//! Runs one backend: `cargo run --example demo -- alpha 9001 '#0072b2'`
//! (name, port, colour; all optional). It ends when its standard input ends.

use std::net::{IpAddr, Ipv4Addr};

use demo_backends::{Options, serve};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let options = Options {
        name: arguments.next().unwrap_or_else(|| "alpha".to_owned()),
        host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: arguments.next().map_or(Ok(0), |port| port.parse())?,
        letter: 'A',
        color: arguments.next().unwrap_or_else(|| "#0072b2".to_owned()),
    };
    let name = options.name.clone();
    let (end, ended) = tokio::sync::oneshot::channel();
    // Reading blocks, and this runtime has only one thread.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = end.send(());
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(
        options,
        |address| println!("{name} answers on http://{address}/ (end with Ctrl-D)"),
        async {
            let _ = ended.await;
        },
    ))?;
    Ok(())
}
