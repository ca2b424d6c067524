//! The ledger's server.

use std::env;
use std::net::TcpListener;

fn main() {
    let data = env::var("LEDGER_DIR").expect("LEDGER_DIR");
    let key = env::var("LEDGER_KEY").expect("LEDGER_KEY");
    let listener = TcpListener::bind("127.0.0.1:7000").expect("port 7000");
    println!("{data} {}", key.len());
    for _ in listener.incoming() {}
}
