//! `wsgi-check explain` beside a real Apache: each configuration of `cases/explain` is started once, each URL in it is asked of
//! both, and their answers are compared. Where there is no Apache with mod_wsgi, the comparison says that it is left out.
//!
//! A case is a configuration in which `${ROOT}`, `${PORT}` and `${PORT2}` stand for the site and its ports. Its first line includes
//! what all have in common. `#: ask PATH key=value…` is a question: `method=`, `host=` (with `PORT` for the port), `port=2`, `to=`,
//! `from=`, `header=Name:value`; `uncertain` says that the answer must name something that is not followed.

#[path = "explain/apache.rs"]
mod apache;
#[path = "explain/ask.rs"]
mod ask;
#[path = "support/http.rs"]
#[allow(dead_code, reason = "each test file takes what it needs")]
mod http;
#[path = "explain/site.rs"]
mod site;

use std::path::PathBuf;

use apache::Apache;
use ask::Question;
use site::Site;
use wsgi_httpd::compiler::Options;
use wsgi_httpd::compiler::decide::Request;
use wsgi_httpd::compiler::source::Memory;

/// How many answers are compared at least.
const ENOUGH: usize = 100;

fn cases() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/explain");
    let entries = std::fs::read_dir(folder).expect("the cases are there").map(|entry| entry.expect("readable").path());
    let mut cases: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "conf")).collect();
    cases.sort();
    cases
}

#[test]
#[allow(clippy::print_stdout)]
fn apache_does_what_explain_says() {
    if !Apache::is_here() {
        println!("skipped: there is no Apache with mod_wsgi on this machine to compare with");
        return;
    }
    let site = Site::new();
    let (mut asked, mut certain, mut wrong) = (0, 0, Vec::new());
    let mut ending = Vec::new();
    for case in cases() {
        let text = std::fs::read_to_string(&case).expect("a case is a text file");
        let questions: Vec<Question> =
            text.lines().filter_map(|line| line.strip_prefix("#: ask ")).map(Question::read).collect();
        assert!(!questions.is_empty(), "{} asks nothing", case.display());
        let apache = Apache::start(&site, &text);
        for question in &questions {
            asked += 1;
            certain += usize::from(!question.uncertain);
            if let Err(difference) = apache.compare(question) {
                let name = case.file_stem().unwrap_or_default().to_string_lossy();
                wrong.push(format!("{name}: {}: {difference}", question.text));
            }
        }
        // An embedded Python takes its time to end: the next configuration need not wait for it.
        apache.stop();
        ending.push(apache);
    }
    ending.into_iter().for_each(Apache::wait);
    println!("{asked} questions, {certain} of them with an answer to compare, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} of {asked} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(certain >= ENOUGH, "only {certain} answers are compared");
}

const STORY: &str = "\
Listen 80
ServerName main.example
Alias /static /srv/shop/static
WSGIDaemonProcess shop
<VirtualHost *:80>
    ServerName blog.example
</VirtualHost>
<VirtualHost *:80>
    ServerName shop.example
    ServerAlias *.shop.example
    WSGIScriptAlias / /srv/shop/app.wsgi process-group=shop
    <Directory /srv/shop>
        Require ip 192.0.2.0/24
    </Directory>
    <Location /cart>
        WSGIApplicationGroup %{GLOBAL}
        <If \"%{HTTPS} == 'on'\">
            Require all denied
        </If>
    </Location>
</VirtualHost>
";

#[test]
fn the_story_names_its_lines() {
    let mut files = Memory::default();
    files.add("/etc/apache2/httpd.conf", STORY);
    files.add("/srv/shop/app.wsgi", "");
    let told = |url: &str, from: &str| {
        let mut request = Request::new(url).expect("a URL");
        request.from = from.parse().expect("an address");
        let options = Options::default();
        let decided = wsgi_httpd::compiler::decide(&files, "/etc/apache2/httpd.conf".as_ref(), &options, &request);
        decided.expect("the file is there").0.text()
    };
    let stories = [
        told("http://www.shop.example/cart/7?a=b", "192.0.2.7"),
        told("http://shop.example/static/x.css", "192.0.2.7"),
        told("http://shop.example/", "198.51.100.1"),
        told("http://shop.example:81/", "192.0.2.7"),
    ];
    insta::assert_snapshot!(stories.join("\n"));
}
