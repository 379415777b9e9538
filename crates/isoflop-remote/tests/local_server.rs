//! Fetching from a server in this process: a web server, and enough of the protocols of S3, Google Cloud Storage and Azure
//! Blob Storage to list and get objects.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, Once};

use isoflop_remote::{Limits, fetch};
use url::form_urlencoded;

/// What a request gets: status, type of content, body.
type Answer = (&'static str, &'static str, Vec<u8>);
/// Answers a path with its query, and who asks.
type Handler = dyn Fn(&str, &str) -> Answer + Send + Sync;

/// Answers every request; returns host and port.
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
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let who = head.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("authorization").then_some(value)
    });
    let target = request.split(' ').nth(1).unwrap_or_default();
    let (status, kind, body) = match request.split(' ').next() {
        Some("GET") => handler(target, who.unwrap_or_default()),
        _ => ("405 Method Not Allowed", "text/plain", Vec::new()),
    };
    // A promise of more bytes than come stands for a connection that breaks.
    let length = if kind == "broken" { body.len() + 100 } else { body.len() };
    let time = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: \"x\"";
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{time}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// Requests that a store got.
type Asked = Arc<Mutex<Vec<String>>>;

/// A store with a bucket or container named `bucket`, two keys a page, and one named `secret` that nobody may read.
/// `signed` is how whoever asks must begin to say who that is.
fn store(asked: Asked, signed: &'static str) -> Arc<Handler> {
    let objects = objects();
    Arc::new(move |request: &str, who: &str| {
        asked.lock().unwrap().push(request.to_owned());
        let (path, query) = request.split_once('?').unwrap_or((request, ""));
        let fields: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let xml = "application/xml";
        let refused =
            |status, code: &str| (status, xml, format!("<Error><Code>{code}</Code></Error>").into_bytes());
        if path.starts_with("/secret") || !who.starts_with(signed) {
            return refused("403 Forbidden", "AccessDenied");
        }
        let is_azure = field("comp") == "list";
        if !is_azure && field("list-type") != "2" {
            let escaped = path.trim_start_matches("/bucket/").as_bytes();
            let key = form_urlencoded::parse(escaped).map(|(key, _)| key.into_owned()).collect::<String>();
            return match objects.get(&key) {
                Some(bytes) => ("200 OK", "application/octet-stream", bytes.clone()),
                None => refused("404 Not Found", "NoSuchKey"),
            };
        }
        let after = if is_azure { field("marker") } else { field("continuation-token") };
        let below =
            objects.iter().filter(|(key, _)| key.starts_with(field("prefix")) && key.as_str() > after);
        let rest: Vec<_> = below.collect();
        let next = if rest.len() > 2 { rest[1].0.as_str() } else { "" };
        let page = rest.iter().take(2).map(|(key, bytes)| (key.as_str(), bytes.len()));
        let body = if is_azure { azure_page(page, next) } else { bucket_page(page, next) };
        ("200 OK", xml, body.into_bytes())
    })
}

/// A page of a listing as S3 and Google have it.
fn bucket_page<'a>(page: impl Iterator<Item = (&'a str, usize)>, next: &str) -> String {
    let mut body = "<?xml version=\"1.0\"?><ListBucketResult>".to_owned();
    for (key, size) in page {
        body += &format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"x\"</ETag>\
             <Size>{size}</Size></Contents>"
        );
    }
    if !next.is_empty() {
        body += &format!("<NextContinuationToken>{next}</NextContinuationToken>");
    }
    body + "</ListBucketResult>"
}

/// A page of a listing as Azure has it, with the mark at its start.
fn azure_page<'a>(page: impl Iterator<Item = (&'a str, usize)>, next: &str) -> String {
    let mut body = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>".to_owned();
    for (key, size) in page {
        body += &format!(
            "<Blob><Name>{key}</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified>\
             <Etag>0x1</Etag><Content-Length>{size}</Content-Length><Content-Type>text/plain</Content-Type>\
             <BlobType>BlockBlob</BlobType></Properties></Blob>"
        );
    }
    body + &format!("</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>")
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

/// What the stores were asked, by the scheme of their addresses.
type Stores = [(&'static str, Asked); 3];

/// The environment of the stores' own tools, once, before anything is asked.
fn environment() -> Stores {
    static ONCE: Once = Once::new();
    static ASKED: Mutex<Option<Stores>> = Mutex::new(None);
    ONCE.call_once(|| {
        let stores = ["s3", "gs", "az"].map(|scheme| (scheme, Asked::default()));
        // Without OAuth nobody signs to Google.
        let signed = ["AWS4-HMAC-SHA256 Credential=id/", "", "SharedKey account:"];
        let mut endpoints = stores
            .iter()
            .zip(signed)
            .map(|((_, asked), signed)| format!("http://{}", serve(store(Arc::clone(asked), signed))));
        let account = r#"{"private_key":"","private_key_id":"","client_email":"","disable_oauth":true}"#;
        let variables = [
            ("NO_PROXY", "127.0.0.1".to_owned()),
            ("AWS_ENDPOINT", endpoints.next().unwrap()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "id".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "key".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("GOOGLE_BASE_URL", endpoints.next().unwrap()),
            ("GOOGLE_ALLOW_HTTP", "true".to_owned()),
            ("GOOGLE_SERVICE_ACCOUNT_KEY", account.to_owned()),
            ("AZURE_STORAGE_ENDPOINT", endpoints.next().unwrap()),
            ("AZURE_ALLOW_HTTP", "true".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", "account".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", "a2V5".to_owned()),
        ];
        drop(endpoints);
        for (name, value) in variables {
            // SAFETY: every test waits here before it reads the environment or starts a thread that does.
            unsafe { std::env::set_var(name, value) };
        }
        *ASKED.lock().unwrap() = Some(stores);
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
    for (scheme, asked) in environment() {
        for prefix in [format!("{scheme}://bucket/runs/"), format!("{scheme}://bucket/runs")] {
            let found = fetch(&prefix, Limits::default());
            let found = found.unwrap_or_else(|error| panic!("{error}: {:?}", asked.lock().unwrap()));
            assert_eq!(found.name, prefix);
            assert_eq!((found.objects, found.left_out), (5, 2), "{prefix}");
            assert_eq!(files(&found.path), (0..5).map(|i| format!("run {i}/points.csv")).collect::<Vec<_>>());
            assert_eq!(
                fs::read_to_string(found.path.join("run 3/points.csv")).unwrap(),
                "N,loss\n3000,3.3\n"
            );
            assert!(found.path.ends_with("at-bucket/runs"), "{:?}", found.path);
            let path = found.path.clone();
            drop(found);
            assert!(!path.exists(), "the folder goes with what was fetched");
        }
        let asked = asked.lock().unwrap().clone();
        let next = if scheme == "az" { "marker=" } else { "continuation-token=" };
        assert!(asked.iter().any(|request| request.contains(next)), "{asked:?}");
        let is_of_weights =
            |request: &String| request.split('?').next().is_some_and(|path| path.ends_with("safetensors"));
        assert!(!asked.iter().any(is_of_weights), "weights stay there");
    }
}

#[test]
fn one_object_of_a_bucket() {
    for (scheme, _) in environment() {
        let found = fetch(&format!("{scheme}://bucket/runs2/other.csv"), Limits::default()).unwrap();
        assert_eq!((found.objects, found.bytes), (1, 11));
        assert_eq!(fs::read_to_string(&found.path).unwrap(), "N,loss\n1,2\n");
    }
}

#[test]
fn what_a_bucket_does_not_give() {
    for (scheme, _) in environment() {
        let failed = |path: &str, limits| fetch(&format!("{scheme}://{path}"), limits).unwrap_err();
        for path in ["bucket/nothing/", "bucket/nothing.csv"] {
            let error = failed(path, Limits::default());
            let says = format!("{scheme}://{path}: there is nothing at this address");
            assert_eq!((error.code(), error.to_string()), ("W0102", says));
        }
        for path in ["secret/runs/", "secret/runs.csv"] {
            let error = failed(path, Limits::default());
            assert_eq!(error.code(), "W0103", "{error}");
            assert!(error.to_string().starts_with(&format!("{scheme}://{path}: no permission (")), "{error}");
        }
        let error = failed("bucket/runs/", Limits { objects: 4, bytes: 1000 });
        let says = format!("{scheme}://bucket/runs/: more than 4 objects");
        assert!(error.to_string().starts_with(&says), "{error}");
        let error = failed("bucket/runs/", Limits { objects: 9, bytes: 70 });
        let says = format!("{scheme}://bucket/runs/: more than 70 bytes");
        assert!(error.to_string().starts_with(&says), "{error}");
    }
}

#[test]
fn files_of_a_web_server() {
    environment();
    let server = serve(Arc::new(|request: &str, _: &str| match request {
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
