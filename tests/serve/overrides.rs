//! What single directives change about the request that the application sees, and the answer that the client gets.

use crate::support::{Mode, Request, Site};

const APP: &str = r#"
def application(environ, start_response):
    path = environ["PATH_INFO"]
    body = b"method " + environ["REQUEST_METHOD"].encode()
    status = {"/missing": "404 Nothing", "/login": "401 Who", "/broken": "500 Oh"}.get(path, "200 OK")
    headers = [("Content-Type", "text/plain"), ("X-Method", environ["REQUEST_METHOD"]), ("Content-Length", str(len(body)))]
    if path == "/login":
        headers.append(("WWW-Authenticate", 'Basic realm="shop"'))
    start_response(status, headers)
    return [body]
"#;

#[test]
fn head_as_get() {
    for (state, seen) in [("On", "GET"), ("Off", "HEAD"), ("Auto", "HEAD")] {
        for mode in Mode::BOTH {
            let site = Site::with_app(APP);
            let server = site.serve(mode, &format!("<Location />\n    WSGIMapHEADToGET {state}\n</Location>\n"));
            let answer = server.send(&Request::new("HEAD", "/"));
            assert_eq!((answer.header("X-Method"), answer.body.len()), (Some(seen), 0), "{state} {mode:?}");
            assert_eq!(server.send(&Request::get("/")).header("X-Method"), Some("GET"));
            server.stop();
        }
    }
}

#[test]
fn pages_of_the_server_for_errors_of_the_application() {
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "WSGIErrorOverride On\n");
        for (target, status) in [("/missing", 404), ("/login", 401), ("/broken", 500)] {
            let answer = server.get(target);
            assert_eq!(answer.status, status);
            assert!(answer.text().contains("<title>") && !answer.text().contains("method"), "{mode:?}: {answer:?}");
            assert_eq!(answer.header("X-Method"), None);
            assert_eq!(answer.header("WWW-Authenticate"), (status == 401).then_some(r#"Basic realm="shop""#));
        }
        assert_eq!(server.text("/"), "method GET");
        server.stop();
    }
}
