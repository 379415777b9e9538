//! What must not happen: strangers, other sites, other files, too much, too slow.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use isoflop_serve::{Options, ServeError, Server};
use serde_json::json;
use support::{Running, runs};
use tempfile::tempdir;

#[test]
fn only_the_token_opens() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    for headers in
        [&[][..], &["Authorization: Bearer wrong"], &["Authorization: Bearer "], &["Cookie: isoflop-1=x"]]
    {
        let answer = server.ask("GET", "/api/status", headers, b"");
        assert_eq!((answer.status, answer.code().as_str()), (401, "S0201"), "{headers:?}");
    }
    assert_eq!(server.ask("GET", "/", &[], b"").status, 401);
    assert_eq!(server.ask("GET", "/assets/main.js", &[], b"").status, 401);
    assert_eq!(server.ask("GET", "/?token=wrong", &[], b"").status, 401);
    assert_eq!(server.get("/api/status").status, 200);
    // The printed address gives the token as a cookie of this site alone.
    let entered = server.ask("GET", &format!("/?token={}", server.token), &[], b"");
    assert_eq!(entered.status, 303);
    let cookie = entered.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let pair = format!("Cookie: {}", cookie.split(';').next().unwrap());
    assert_eq!(server.ask("GET", "/api/status", &[&pair], b"").status, 200);
    let page = server.ask("GET", "/", &[&pair], b"");
    assert_eq!(page.status, 200);
    assert!(
        page.head.contains("content-security-policy: default-src 'none'; script-src 'self'"),
        "{}",
        page.head
    );
    assert!(!String::from_utf8_lossy(&page.body).contains("<script>"));
}

#[test]
fn other_sites_and_names_are_refused() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let bearer = format!("Authorization: Bearer {}", server.token);
    let status =
        |lines: &[&str]| server.ask("GET", "/api/status", &[&[bearer.as_str()], lines].concat(), b"").status;
    let own = format!("Origin: http://{}", server.address);
    assert_eq!(status(&[&own]), 200);
    for origin in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
        assert_eq!(status(&[&format!("Origin: {origin}")]), 403, "{origin}");
    }
    for host in ["evil.example", "evil.example:80", "localhost.evil.example", "user@localhost", ""] {
        assert_eq!(status(&[&format!("Host: {host}")]), 403, "{host}");
    }
    assert_eq!(status(&["Host: localhost:8000"]), 200);
    assert_eq!(status(&["Host: [::1]:8000"]), 200);
    assert_eq!(status(&["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"]), 403);
    // Two names, and none at all.
    assert_eq!(status(&["Host: localhost", "Host: evil.example"]), 403);
    let none =
        server.raw(format!("GET /api/status HTTP/1.1\r\n{bearer}\r\nConnection: close\r\n\r\n").as_bytes());
    assert_eq!(none.status, 403);
}

#[test]
fn nothing_outside_the_roots_is_read() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("deep")).unwrap();
    std::fs::write(root.join("runs.csv"), runs(20)).unwrap();
    std::fs::write(folder.path().join("secret.csv"), runs(20)).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("secret.csv"), root.join("link.csv")).unwrap();
        std::os::unix::fs::symlink(folder.path(), root.join("deep/up")).unwrap();
    }
    let server = Running::over(&root);
    let open = |path: &str| server.post("/api/tables", &json!({"paths": [path]}));
    let inside = root.join("runs.csv");
    assert_eq!(open(inside.to_str().unwrap()).status, 201);
    let below = |rest: &str| root.join(rest).to_str().unwrap().to_owned();
    let outside = [
        folder.path().join("secret.csv").to_str().unwrap().to_owned(),
        below("../secret.csv"),
        below("../root/runs.csv"),
        below("link.csv"),
        below("deep"),
        below("deep/up/secret.csv"),
        "../../etc/passwd".into(),
        "/etc/passwd".into(),
        "/nowhere/at/all".into(),
        "".into(),
    ];
    for path in &outside {
        let answer = open(path);
        assert_eq!((answer.status, answer.code().as_str()), (403, "S0205"), "{path}");
        let listed = server.get(&format!("/api/files?path={path}"));
        assert_eq!(listed.status, if path.ends_with("/deep") { 200 } else { 403 }, "{path}");
    }
    // Links that lead out are not even listed.
    let names = server.get(&format!("/api/files?path={}", root.display())).json().to_string();
    assert!(names.contains("runs.csv") && !names.contains("link.csv"), "{names}");
    // Names of files where laws, plans and devices are meant.
    for options in [
        json!({"model": "/etc/passwd.json", "plan": "compute-optimal"}),
        json!({"model": "chinchilla@besiroglu", "plan": "/etc/hosts.md"}),
        json!({"model": "chinchilla@besiroglu", "plan": "compute-optimal", "hardware": "/etc/gpu.toml"}),
    ] {
        let answer = server.post("/api/jobs", &json!({"kind": "plan", "options": options}));
        assert_eq!(answer.status, 400, "{options}");
    }
    for asset in ["../src/lib.rs", "..%2fsrc%2flib.rs", "%2e%2e/Cargo.toml"] {
        assert_eq!(server.get(&format!("/assets/{asset}")).status, 404, "{asset}");
    }
}

#[test]
fn too_much_is_refused_before_it_is_held() {
    let folder = tempdir().unwrap();
    let options =
        Options { paths: vec![folder.path().to_owned()], upload_limit: 100_000, ..Options::default() };
    let server = Running::with(options);
    let bearer = format!("Authorization: Bearer {}", server.token);
    // What a request claims is enough to refuse it: 2 GB that never come.
    let claimed = server.ask(
        "POST",
        "/api/uploads?name=a.csv",
        &[&bearer, "Content-Length: 2000000000"],
        b"a,b\n1,2\n",
    );
    assert_eq!((claimed.status, claimed.code().as_str()), (413, "S0206"));
    // Without a claim the bytes are counted as they come.
    let chunk = [b"8000\r\n".as_slice(), &vec![b'1'; 0x8000], b"\r\n"].concat();
    let head = format!(
        "POST /api/uploads?name=a.csv HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let answer = server.raw(&[head.as_bytes(), &chunk.repeat(8)].concat());
    assert_eq!(answer.status, 413);
    let long = json!({"kind": "fit", "table": "t1", "request": {"law": "x".repeat(2 << 20)}});
    assert_eq!(server.post("/api/jobs", &long).status, 413);
    // A head without end.
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "y".repeat(1 << 20));
    assert_eq!(server.raw(head.as_bytes()).status, 431);
    // A kilobyte that decompresses to more than is good is an error and not a crash.
    let answer = server.upload("bomb.csv.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
    assert_eq!(answer.status, 422);
    assert_eq!(server.get("/api/status").status, 200);
}

#[test]
fn what_is_not_asked_for_is_an_error_with_a_code() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let bearer = format!("Authorization: Bearer {}", server.token);
    for body in ["{", "[]", "{\"kind\": \"dance\"}", "{\"kind\": \"fit\", \"other\": 1}", "\u{0}"] {
        let answer = server.ask("POST", "/api/jobs", &[&bearer], body.as_bytes());
        assert_eq!((answer.status, answer.code().as_str()), (400, "S0203"), "{body}");
    }
    for path in
        ["/api/jobs/j99", "/api/jobs/x", "/api/tables/t99", "/api/laws/no_such_law", "/api/nothing", "/x"]
    {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.code().as_str()), (404, "S0204"), "{path}");
    }
    assert_eq!(server.ask("PUT", "/api/jobs", &[&bearer], b"").status, 405);
    assert_eq!(
        server
            .post("/api/jobs", &json!({"kind": "fit", "table": "t7", "request": {"law": "chinchilla"}}))
            .status,
        404
    );
    let fit = |request| server.post("/api/jobs", &json!({"kind": "fit", "table": "t1", "request": request}));
    assert_eq!(fit(json!({"law": "chinchilla", "bootstrap": 1_000_000})).status, 400);
    assert_eq!(fit(json!({"law": "chinchilla", "level": 90})).status, 400);
    assert_eq!(fit(json!({})).status, 400);
    let empty = server.upload("empty.csv", b"");
    assert_eq!((empty.status, empty.code().chars().next()), (422, Some('R')));
}

#[test]
fn a_slow_client_is_left() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let began = Instant::now();
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(b"GET /api/status HTTP/1.1\r\nHost: loc").unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // Others are answered meanwhile.
    assert_eq!(server.get("/api/status").status, 200);
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    let waited = began.elapsed().as_secs_f64();
    assert!((5.0..20.0).contains(&waited), "closed after {waited} s");
}

#[test]
fn bad_options_are_errors() {
    let bind = |options| Server::bind(options).unwrap_err();
    let missing = Options { paths: vec!["/nowhere/at/all".into()], ..Options::default() };
    assert!(matches!(bind(missing), ServeError::NoRoot { .. }));
    let weak = Options { token: Some("secret".into()), ..Options::default() };
    assert!(matches!(bind(weak), ServeError::WeakToken { .. }));
    for listen in ["8000", "nowhere", ""] {
        let options = Options { listen: listen.into(), ..Options::default() };
        assert!(matches!(bind(options), ServeError::BadAddress { .. }), "{listen}");
    }
    let first = Server::bind(Options::default()).unwrap();
    let taken = Options { listen: first.address().to_string(), ..Options::default() };
    assert!(matches!(bind(taken), ServeError::CannotListen { .. }));
}
