//! A server of our own, and the little HTTP that asks it: an answer is counted, not kept.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use super::Watched;

/// A server that runs, watched.
pub(crate) struct Server {
    process: Watched,
    /// Where it listens.
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(command: Command) -> Self {
        let mut process = Watched::start(command);
        let mut reader = BufReader::new(process.child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("http://") {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "the server does not start");
        }
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        // What it says besides must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        Self { process, address }
    }

    /// Does something while the server is looked at.
    pub(crate) fn watched<T: Send>(&mut self, work: impl FnOnce() -> T + Send) -> T {
        let done = AtomicBool::new(false);
        let process = &mut self.process;
        std::thread::scope(|scope| {
            let done = &done;
            let working = scope.spawn(move || {
                let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
                done.store(true, Ordering::Relaxed);
                worked
            });
            while !done.load(Ordering::Relaxed) {
                process.look();
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            process.look();
            working.join().unwrap().unwrap()
        })
    }

    /// Ends it; the most that it held.
    pub(crate) fn stop(mut self) -> [usize; 2] {
        self.process.look();
        let held = [self.process.held, self.process.peak];
        self.process.child.kill().unwrap();
        self.process.child.wait().unwrap();
        held
    }
}

fn ask(address: &str, head: &str, body: &str) -> (u16, usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // A server that has heard enough closes before all is said.
    stream.write_all(body.as_bytes()).ok();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        bytes += count;
    }
    (status.unwrap_or_else(|| panic!("no answer: {line:?}")), bytes)
}

/// The status and the length of an answer.
pub(crate) fn get(address: &str, token: &str, path: &str) -> (u16, usize) {
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    ask(address, &head, "")
}

/// The status of the answer to a body.
pub(crate) fn post(address: &str, token: &str, path: &str, body: &str) -> u16 {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    ask(address, &head, body).0
}

/// The statuses of so many sign-ins at once with a wrong password, each from an address of its own.
pub(crate) async fn sign_ins(address: &str, count: u16) -> Vec<u16> {
    let server: SocketAddr = address.parse().unwrap();
    let form = "email=nobody%40x.example&password=wrong+password&to=%2F";
    let request = format!(
        "POST /login HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{form}",
        form.len()
    );
    let mut tries = JoinSet::new();
    for at in 0..count {
        let [high, low] = at.to_be_bytes();
        let (from, request) = (Ipv4Addr::new(127, 1, high, low), request.clone());
        tries.spawn(async move {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::from((from, 0))).unwrap();
            let mut stream = socket.connect(server).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            let line = String::from_utf8_lossy(&answer);
            line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
        });
    }
    tries.join_all().await
}
