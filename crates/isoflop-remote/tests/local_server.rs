//! Fetching from a server in this process: a web server, and enough of S3's protocol to list and get objects.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, Once};

use isoflop_remote::{Limits, fetch};

/// What a request gets: status, type of content, body.
type Answer = (&'static str, &'static str, Vec<u8>);
type Handler = dyn Fn(&str) -> Answer + Send + Sync;

/// Answers every request for a path with its query; returns host and port.
fn serve(handler: Arc<Handler>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let handler = Arc::clone(&handler);
            std::thread::spawn(move || answer(stream, &*handler));
        }
    });
    address
}

fn answer(mut stream: TcpStream, handler: &Handler) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    lines.find(String::is_empty);
    let (status, kind, body) = handler(request.split(' ').nth(1).unwrap_or_default());
    // A promise of more bytes than come stands for a connection that breaks.
    let length = if kind == "broken" { body.len() + 100 } else { body.len() };
    let time = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: \"x\"";
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{time}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// The bucket of the test on its server, two keys a page.
fn bucket(objects: BTreeMap<String, Vec<u8>>, asked: Arc<Mutex<Vec<String>>>) -> Arc<Handler> {
    Arc::new(move |request: &str| {
        asked.lock().unwrap().push(request.to_owned());
        let (path, query) = request.split_once('?').unwrap_or((request, ""));
        if path.starts_with("/secret") {
            let body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
            return ("403 Forbidden", "application/xml", body.into());
        }
        if !query.contains("list-type=2") {
            let key = path.trim_start_matches("/bucket/").replace("%20", " ");
            return match objects.get(&key) {
                Some(bytes) => ("200 OK", "application/octet-stream", bytes.clone()),
                None => {
                    ("404 Not Found", "application/xml", b"<Error><Code>NoSuchKey</Code></Error>".to_vec())
                }
            };
        }
        let field = |name: &str| {
            let value = query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_default().replace("%2F", "/").replace('+', " ")
        };
        let (prefix, after) = (field("prefix"), field("continuation-token"));
        let rest: Vec<_> =
            objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after).collect();
        let mut body = "<?xml version=\"1.0\"?><ListBucketResult>".to_owned();
        for (key, bytes) in rest.iter().take(2) {
            body += &format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"x\"</ETag>\
                 <Size>{}</Size></Contents>",
                bytes.len()
            );
        }
        if rest.len() > 2 {
            body += &format!("<NextContinuationToken>{}</NextContinuationToken>", rest[1].0);
        }
        ("200 OK", "application/xml", (body + "</ListBucketResult>").into_bytes())
    })
}

/// Objects by key.
fn objects() -> BTreeMap<String, Vec<u8>> {
    let mut objects: BTreeMap<String, Vec<u8>> = (0..5)
        .map(|i| (format!("runs/run {i}/points.csv"), format!("N,loss\n{i}000,3.{i}\n").into_bytes()))
        .collect();
    objects.insert("runs/run 0/model.safetensors".into(), vec![0; 1000]);
    objects.insert("runs/run 0/empty.json".into(), Vec::new());
    objects.insert("runs2/other.csv".into(), b"N,loss\n1,2\n".to_vec());
    objects
}

/// The environment of the tools of S3, once, before anything is asked.
fn environment() -> Arc<Mutex<Vec<String>>> {
    static ONCE: Once = Once::new();
    static ASKED: Mutex<Option<Arc<Mutex<Vec<String>>>>> = Mutex::new(None);
    ONCE.call_once(|| {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let server = serve(bucket(objects(), Arc::clone(&asked)));
        let endpoint = format!("http://{server}");
        let variables = [
            ("NO_PROXY", "127.0.0.1"),
            ("AWS_ENDPOINT", &endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "key"),
            ("AWS_REGION", "us-east-1"),
        ];
        for (name, value) in variables {
            // SAFETY: every test waits here before it reads the environment or starts a thread that does.
            unsafe { std::env::set_var(name, value) };
        }
        *ASKED.lock().unwrap() = Some(asked);
    });
    ASKED.lock().unwrap().clone().unwrap()
}

/// Paths of the files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path()).into_iter().map(|below| format!("{name}/{below}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

#[test]
fn everything_below_a_prefix_of_a_bucket() {
    let asked = environment();
    for prefix in ["s3://bucket/runs/", "s3://bucket/runs"] {
        let found = fetch(prefix, Limits::default());
        let found = found.unwrap_or_else(|error| panic!("{error}: {:?}", asked.lock().unwrap()));
        assert_eq!(found.name, prefix);
        assert_eq!((found.objects, found.left_out), (5, 2));
        assert_eq!(files(&found.path), (0..5).map(|i| format!("run {i}/points.csv")).collect::<Vec<_>>());
        assert_eq!(fs::read_to_string(found.path.join("run 3/points.csv")).unwrap(), "N,loss\n3000,3.3\n");
        assert!(found.path.ends_with("at-bucket/runs"), "{:?}", found.path);
        let path = found.path.clone();
        drop(found);
        assert!(!path.exists(), "the folder goes with what was fetched");
    }
    let asked = asked.lock().unwrap().clone();
    assert!(asked.iter().any(|request| request.contains("continuation-token")), "{asked:?}");
    assert!(!asked.iter().any(|request| request.ends_with("safetensors")), "weights stay there");
}

#[test]
fn one_object_of_a_bucket() {
    environment();
    let found = fetch("s3://bucket/runs2/other.csv", Limits::default()).unwrap();
    assert_eq!((found.objects, found.bytes), (1, 11));
    assert_eq!(fs::read_to_string(&found.path).unwrap(), "N,loss\n1,2\n");
}

#[test]
fn what_a_bucket_does_not_give() {
    environment();
    let code = |address: &str, limits| fetch(address, limits).unwrap_err();
    let error = code("s3://bucket/nothing/", Limits::default());
    assert_eq!(
        (error.code(), &*error.to_string()),
        ("W0102", "s3://bucket/nothing/: there is nothing at this address")
    );
    let error = code("s3://secret/runs/", Limits::default());
    assert_eq!(error.code(), "W0103", "{error}");
    let error = code("s3://bucket/runs/", Limits { objects: 4, bytes: 1000 });
    assert!(error.to_string().starts_with("s3://bucket/runs/: more than 4 objects"), "{error}");
    let error = code("s3://bucket/runs/", Limits { objects: 9, bytes: 70 });
    assert!(error.to_string().starts_with("s3://bucket/runs/: more than 70 bytes"), "{error}");
}

#[test]
fn files_of_a_web_server() {
    environment();
    let server = serve(Arc::new(|request: &str| match request {
        "/a/runs.csv?token=secret" => ("200 OK", "text/csv", b"N,loss\n1,2\n".to_vec()),
        "/broken.csv" => ("200 OK", "broken", b"N,loss\n".to_vec()),
        "/page.csv" => ("200 OK", "text/html; charset=utf-8", b"<html>".to_vec()),
        "/private.csv" => ("401 Unauthorized", "text/plain", Vec::new()),
        "/down.csv" => ("503 Service Unavailable", "text/plain", Vec::new()),
        _ => ("404 Not Found", "text/plain", Vec::new()),
    }));
    let get = |path: &str, limits| fetch(&format!("http://{server}{path}"), limits);
    let found = get("/a/runs.csv?token=secret", Limits::default()).unwrap();
    assert_eq!(found.name, format!("http://{server}/a/runs.csv"));
    assert_eq!(fs::read_to_string(&found.path).unwrap(), "N,loss\n1,2\n");
    let cases = [
        ("/a/runs.csv?token=wrong", "W0102", "nothing at this address"),
        ("/broken.csv", "W0104", "cannot be fetched"),
        ("/page.csv", "W0104", "a web page"),
        ("/private.csv", "W0103", "no permission (401"),
        ("/down.csv", "W0104", "503"),
        ("/a/", "W0101", "give the address of a file"),
    ];
    for (path, code, says) in cases {
        let error = get(path, Limits::default()).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.code(), code, "{path}: {text}");
        assert!(text.contains(says) && text.contains(&server) && !text.contains("token"), "{path}: {text}");
    }
    let error = get("/a/runs.csv?token=secret", Limits { objects: 1, bytes: 5 }).unwrap_err();
    assert!(error.to_string().contains("more than 5 bytes"), "{error}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = fetch(&format!("http://{closed}/x.csv?token=1"), Limits::default()).unwrap_err();
    assert!(error.code() == "W0104" && !error.to_string().contains("token"), "{error}");
}
