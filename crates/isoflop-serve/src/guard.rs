//! Who may ask: a token, the name under which the server is called, and the site that calls.
//!
//! A page of another site can make a browser send requests to this machine. Three things keep it out: every request
//! needs the token, as a cookie that browsers send to this site alone or as a header; `Origin`, where there is one, must
//! be this site; and the name in `Host` must be an address, `localhost` or a name that was allowed, so that a foreign name
//! that is made to point here (DNS rebinding) is refused.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::api::App;
use crate::error::ApiError;

/// Shortest token that may be chosen.
pub(crate) const LEAST_TOKEN: usize = 16;

/// What every answer carries: nothing from elsewhere is loaded, nothing inline runs, nobody may frame the page.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Whom to let in.
#[derive(Debug)]
pub(crate) struct Guard {
    token: String,
    /// Name of the cookie: cookies do not know ports, and several explorers may run.
    cookie: String,
    /// Names besides addresses and `localhost`, in lower case.
    names: Vec<String>,
}

impl Guard {
    pub(crate) fn new(token: String, port: u16, names: &[String]) -> Guard {
        let names = names.iter().map(|name| name.to_lowercase()).collect();
        Guard { token, cookie: format!("isoflop-{port}"), names }
    }

    /// Whether a request comes by a name of this server and not from another site.
    fn check_site(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = match (uri.authority(), hosts.next(), hosts.next()) {
            (Some(authority), _, None) => authority.as_str(),
            (None, Some(host), None) => host.to_str().unwrap_or("?"),
            _ => "?",
        };
        if !self.knows(host) {
            return Err(ApiError::foreign(format!(
                "the explorer is not called {host:?}; use its address, or start it with --host NAME"
            )));
        }
        match text(header::ORIGIN) {
            None => {}
            Some(origin) => {
                let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
                if !authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host)) {
                    return Err(ApiError::foreign("requests of other sites are refused"));
                }
            }
        }
        match text(HeaderName::from_static("sec-fetch-site")) {
            // A link elsewhere may open the page, which then needs its own cookie.
            Some("cross-site" | "same-site")
                if text(HeaderName::from_static("sec-fetch-mode")) != Some("navigate") =>
            {
                Err(ApiError::foreign("requests of other sites are refused"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a `Host` is an address, `localhost` or an allowed name, with any port (it may be forwarded).
    fn knows(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<axum::http::uri::Authority>() else { return false };
        if authority.as_str().contains('@') {
            return false;
        }
        let name = authority.host().trim_start_matches('[').trim_end_matches(']').to_lowercase();
        name == "localhost" || name.parse::<IpAddr>().is_ok() || self.names.contains(&name)
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(token) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
            return same(token.trim(), &self.token);
        }
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == self.cookie && same(value, &self.token))
    }

    /// The way in: the printed address has the token in it, and gives it to the browser as a cookie.
    fn entered(&self, uri: &Uri) -> Option<Response> {
        let given = uri.query()?.split('&').find_map(|pair| pair.strip_prefix("token="))?;
        if uri.path() != "/" || !same(given, &self.token) {
            return None;
        }
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, self.token);
        let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response();
        response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
        Some(response)
    }
}

/// Lets a request in or refuses it, and puts the protecting headers on every answer.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let guard = &app.guard;
    let (uri, headers) = (request.uri().clone(), request.headers());
    let mut response = if let Err(error) = guard.check_site(&uri, headers) {
        error.into_response()
    } else if let Some(response) = guard.entered(&uri) {
        response
    } else if guard.has_token(headers) {
        in_json(next.run(request).await)
    } else if uri.path() == "/" {
        (StatusCode::UNAUTHORIZED, Html(include_str!("../page/locked.html"))).into_response()
    } else {
        ApiError::no_token().into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Addresses that cannot even be read are refused by the router, in plain text: there is nothing at them.
fn in_json(response: Response) -> Response {
    let is_text = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    match is_text && response.status() == StatusCode::BAD_REQUEST {
        true => ApiError::not_found("address", "").into_response(),
        false => response,
    }
}

/// A token of 32 random bytes, as text for an address.
pub(crate) fn random_token() -> Result<String, String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a token can be used in an address and a cookie and is not guessed at once.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() >= LEAST_TOKEN && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Compares without telling by its time how much agrees.
fn same(given: &str, token: &str) -> bool {
    let differ = given.bytes().zip(token.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == token.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_allowed_names_are_known_and_no_others() {
        let guard = Guard::new("t".repeat(32), 80, &["Box.lan".to_owned()]);
        for host in ["127.0.0.1:80", "localhost", "LOCALHOST:9", "[::1]:80", "10.0.0.7:1", "box.lan:80"] {
            assert!(guard.knows(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example", "user@localhost", "box.lan.evil", "?", "a b"]
        {
            assert!(!guard.knows(host), "{host}");
        }
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(same("abc", "abc"));
        for other in ["", "ab", "abcd", "abd"] {
            assert!(!same(other, "abc"), "{other}");
        }
        assert!(is_token(&random_token().unwrap()));
        assert!(!is_token("short") && !is_token("sixteen letters;"));
    }
}
