//! A server for a test, and a client that sends what it is told to, letter by letter.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test file uses a part of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use isoflop_serve::{Options, Server, Stopper};
use serde_json::Value;

/// A running explorer; it ends with the test.
pub struct Running {
    pub address: SocketAddr,
    pub token: String,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The stable code of an error.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Running {
    pub fn over(path: &Path) -> Running {
        Running::with(Options { paths: vec![path.to_owned()], ..Options::default() })
    }

    pub fn with(options: Options) -> Running {
        let server = Server::bind(options).unwrap();
        let (address, token, stopper) = (server.address(), server.token().to_owned(), server.stopper());
        let thread = Some(std::thread::spawn(move || server.run()));
        Running { address, token, stopper, thread }
    }

    /// Sends bytes as they are, and reads until the server closes or the answer is whole.
    pub fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // The server may refuse before all is sent.
        let _ = stream.write_all(request);
        read(&mut stream)
    }

    /// A request with these header lines besides `Host`.
    pub fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|line| line.starts_with("Host:")) {
            head += &format!("Host: {}\r\n", self.address);
        }
        if !headers.iter().any(|line| line.starts_with("Content-Length:")) {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        for line in headers {
            head += &format!("{line}\r\n");
        }
        self.raw(&[head.as_bytes(), b"\r\n", body].concat())
    }

    fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[&self.bearer()], b"")
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[&self.bearer()], b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[&self.bearer()], body.to_string().as_bytes())
    }

    pub fn upload(&self, name: &str, body: &[u8]) -> Answer {
        self.ask("POST", &format!("/api/uploads?name={name}"), &[&self.bearer()], body)
    }

    /// The id of an uploaded table.
    pub fn table(&self, text: &str) -> String {
        let answer = self.upload("runs.csv", text.as_bytes());
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The id of a job that was taken.
    pub fn submit(&self, ask: &Value) -> String {
        let answer = self.post("/api/jobs", ask);
        assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The job when it is over.
    pub fn wait(&self, id: &str) -> Value {
        let end = Instant::now() + Duration::from_secs(120);
        while Instant::now() < end {
            let job = self.get(&format!("/api/jobs/{id}")).json();
            if !["queued", "running"].contains(&job["state"].as_str().unwrap()) {
                return job;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("job {id} does not end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let body = bytes.get(end + 4..).unwrap_or_default();
    let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    Answer { status, body: if is_chunked { dechunked(body) } else { body.to_vec() }, head }
}

fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = body.windows(2).position(|w| w == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..at]).unwrap().trim(), 16).unwrap();
        let piece = &body[at + 2..];
        out.extend_from_slice(&piece[..length.min(piece.len())]);
        if length == 0 || piece.len() < length + 2 {
            break;
        }
        body = &piece[length + 2..];
    }
    out
}

/// Runs of `loss = 1.7 + 400 / N^0.34 + 2000 / D^0.37`, a little off it.
pub fn runs(rows: usize) -> String {
    let mut text = "n_params,tokens,val_loss,noise\n".to_owned();
    for k in 0..rows {
        let n = 1e7 * f64::powf(1.7, (k % 8) as f64);
        let d = 2e8 * f64::powf(1.9, (k / 8 % 8) as f64);
        let off = 1.0 + 0.002 * f64::sin(k as f64 * 12.9898);
        let loss = off * (1.7 + 400.0 / n.powf(0.34) + 2000.0 / d.powf(0.37));
        text += &format!("{n},{d},{loss},{}\n", k % 7);
    }
    text
}
