//! Files, by `Alias` and `DocumentRoot`. Ranges, types and `If-Modified-Since` are hyper-staticfile's work; finding the file,
//! symbolic links and the other conditions are ours.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use hyper::body::Body as _;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};
use hyper_staticfile::vfs::{FileAccess, IntoFileAccess};
use hyper_staticfile::{ResolvedFile, util::FileResponseBuilder};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use tokio::io::AsyncSeek;

use super::answer::{self, Body, Source};
use super::environ::SOFTWARE;
use crate::plan::sections::{Settings, Switches};

/// Bytes read from a file at a time. Files are read on the event loop: from the page cache that is cheaper than a hand-over.
const BLOCK: usize = 64 << 10;
/// What a folder answers with (`DirectoryIndex`'s default).
pub(super) const INDEX: &str = "index.html";

/// Answers with a file. `url_path` is the normalised path, for the redirect of a folder without its slash.
pub(super) fn answer(file: &Path, settings: &Settings, parts: &Parts, url_path: &[u8]) -> Response<Body> {
    let options = settings.options;
    match parts.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return with_allow(StatusCode::OK),
        _ => return with_allow(StatusCode::METHOD_NOT_ALLOWED),
    }
    let opened = match open(file, options) {
        Ok(opened) => opened,
        Err(error) => return answer::page(status_of(&error)),
    };
    let metadata = match opened.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return answer::page(status_of(&error)),
    };
    if metadata.is_file() {
        if url_path.ends_with(b"/") {
            return answer::page(StatusCode::NOT_FOUND);
        }
        return send((file, settings), opened, &metadata, parts);
    }
    if !metadata.is_dir() {
        return answer::page(StatusCode::FORBIDDEN);
    }
    if !url_path.ends_with(b"/") {
        return redirect_to_folder(parts);
    }
    // Without an index a folder's contents stay its own.
    let index = file.join(INDEX);
    match open(&index, options).and_then(|opened| Ok((opened.metadata()?, opened))) {
        Ok((metadata, opened)) if metadata.is_file() => send((&index, settings), opened, &metadata, parts),
        _ => answer::page(StatusCode::FORBIDDEN),
    }
}

fn status_of(error: &io::Error) -> StatusCode {
    // A link that is not followed; a socket, or a device that is not there.
    let not_a_file = [rustix::io::Errno::LOOP, rustix::io::Errno::NXIO, rustix::io::Errno::NODEV];
    if error.raw_os_error().is_some_and(|code| not_a_file.iter().any(|errno| errno.raw_os_error() == code)) {
        return StatusCode::FORBIDDEN;
    }
    match error.kind() {
        // A path that goes on behind a file is ENOTDIR.
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => {
            StatusCode::NOT_FOUND
        }
        io::ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Opens without waiting, so that a FIFO cannot stop the event loop, and follows links as `Options` says.
fn open(file: &Path, options: Switches) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let follow = options.follow_sym_links.unwrap_or(true);
    if follow {
        return Ok(File::from(rustix::fs::open(file, flags, Mode::empty())?));
    }
    if options.sym_links_if_owner_match == Some(true) {
        links_match_owners(file)?;
        return Ok(File::from(rustix::fs::open(file, flags, Mode::empty())?));
    }
    let root = rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let opened = rustix::fs::openat2(&root, file, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)?;
    Ok(File::from(opened))
}

/// `SymLinksIfOwnerMatch`: each link belongs to the owner of what it leads to.
fn links_match_owners(file: &Path) -> io::Result<()> {
    for part in file.ancestors() {
        let link = part.symlink_metadata()?;
        if link.is_symlink() && link.uid() != part.metadata()?.uid() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
    }
    Ok(())
}

fn send((path, settings): (&Path, &Settings), file: File, metadata: &Metadata, parts: &Parts) -> Response<Body> {
    let modified = metadata.modified().ok();
    let etag = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|since| {
        // The same text as hyper-staticfile writes.
        format!("W/\"{:x}-{:x}.{:x}\"", metadata.len(), since.as_secs(), since.subsec_nanos())
    });
    if !preconditions_hold(&parts.headers, modified) {
        return answer::page(StatusCode::PRECONDITION_FAILED);
    }
    let mut builder = FileResponseBuilder::new();
    builder.request_parts(&parts.method, &parts.headers);
    if let Some(wanted) = parts.headers.get(header::IF_NONE_MATCH) {
        // RFC 9110 §13.1.3: the time is not looked at when tags are compared.
        builder.if_modified_since(None);
        if etag.as_deref().is_some_and(|etag| names(wanted, etag)) {
            return not_modified(etag.as_deref());
        }
    }
    let given = settings.type_of(path.as_os_str().as_encoded_bytes());
    let content_type = given.or_else(|| mime_guess::from_path(path).first_raw());
    let resolved = ResolvedFile {
        handle: Blocks { file },
        path: PathBuf::new(),
        size: metadata.len(),
        modified,
        content_type: content_type.map(str::to_owned),
        encoding: None,
    };
    let Ok(response) = builder.build(resolved) else {
        return answer::page(StatusCode::INTERNAL_SERVER_ERROR);
    };
    if response.status() == StatusCode::NOT_MODIFIED {
        return not_modified(etag.as_deref());
    }
    let (mut head, body) = response.into_parts();
    head.headers.insert(header::SERVER, HeaderValue::from_static(SOFTWARE));
    // hyper-staticfile names the type of a whole file alone.
    if let (Some(kind), StatusCode::OK | StatusCode::PARTIAL_CONTENT) = (content_type, head.status)
        && let Ok(kind) = HeaderValue::from_str(kind)
    {
        head.headers.entry(header::CONTENT_TYPE).or_insert(kind);
    }
    Response::from_parts(head, Body::new(Source::File(Box::new(FileBody(body)))))
}

/// `If-Match`, and `If-Unmodified-Since` where there is none (RFC 9110 §13.2.2). Our tags are weak, and the comparison is the
/// strong one: only `*` matches.
fn preconditions_hold(headers: &HeaderMap, modified: Option<SystemTime>) -> bool {
    if headers.contains_key(header::IF_MATCH) {
        return headers.get_all(header::IF_MATCH).iter().any(|wanted| wanted.as_bytes().trim_ascii() == b"*");
    }
    let date = headers.get(header::IF_UNMODIFIED_SINCE).and_then(|date| date.to_str().ok());
    // What is no date is ignored (§13.1.4).
    let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
    // A date has whole seconds.
    let later = |date, modified: SystemTime| modified.duration_since(date).is_ok_and(|since| since.as_secs() > 0);
    !date.zip(modified).is_some_and(|(date, modified)| later(date, modified))
}

fn names(wanted: &HeaderValue, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = wanted.to_str().unwrap_or_default();
    wanted.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

fn not_modified(etag: Option<&str>) -> Response<Body> {
    let mut response = Response::new(Body::new(Source::Empty));
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static(SOFTWARE));
    if let Some(Ok(etag)) = etag.map(HeaderValue::from_str) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

fn with_allow(status: StatusCode) -> Response<Body> {
    let mut response = match status {
        StatusCode::OK => Response::new(Body::new(Source::Empty)),
        status => answer::page(status),
    };
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD,OPTIONS"));
    response
}

fn redirect_to_folder(parts: &Parts) -> Response<Body> {
    let mut response = answer::page(StatusCode::MOVED_PERMANENTLY);
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // Relative to the host, whatever name the client uses for it. Two leading slashes would name another host, and browsers take a
    // backslash for a slash.
    let path = parts.uri.path().trim_start_matches('/').replace('\\', "%5C");
    if let Ok(location) = HeaderValue::from_str(&format!("/{path}/{query}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The body of a file's answer.
pub(super) struct FileBody(hyper_staticfile::Body<Blocks>);

impl std::fmt::Debug for FileBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileBody")
    }
}

impl FileBody {
    /// The next bytes.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        Pin::new(&mut self.0)
            .poll_frame(context)
            .map(|next| next.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
    }
}

/// A file, read in blocks.
struct Blocks {
    file: File,
}

impl IntoFileAccess for Blocks {
    type Output = Self;

    fn into_file_access(self) -> Self {
        self
    }
}

impl FileAccess for Blocks {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, length: usize) -> Poll<io::Result<Bytes>> {
        let mut buffer = BytesMut::zeroed(length.min(BLOCK));
        let read = self.file.read(&mut buffer)?;
        buffer.truncate(read);
        Poll::Ready(Ok(buffer.freeze()))
    }
}

impl AsyncSeek for Blocks {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.file.seek(position).map(drop)
    }

    fn poll_complete(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(self.file.stream_position())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"0123456789abcdef";

    fn range() -> impl Strategy<Value = String> {
        let number = prop_oneof![
            Just(String::new()),
            (0..20u64).prop_map(|n| n.to_string()),
            any::<u64>().prop_map(|n| n.to_string())
        ];
        let one = (number.clone(), "-{0,2}", number).prop_map(|(from, dash, to)| from + &dash + &to);
        let several = prop::collection::vec(one, 0..5).prop_map(|all| format!("bytes={}", all.join(", ")));
        prop_oneof![several, "bytes=[0-9, -]{0,20}", "[ -~]{0,20}"]
    }

    proptest! {
        /// Whatever a client wants of a file: what is announced is what is sent, and it is a part of the file.
        #[test]
        fn any_part_of_a_file(range in range(), condition in "(\\*|(W/)?\"[ -~]{0,8}\"|[ -~]{0,20})", which in 0..6usize, head: bool) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("file.txt");
            std::fs::write(&file, TEXT).unwrap();
            let field = ["if-match", "if-none-match", "if-range", "if-modified-since", "if-unmodified-since", "x-nothing"][which];
            let request = hyper::Request::builder().method(if head { "HEAD" } else { "GET" }).uri("/file.txt");
            let request = request.header("range", &range).header(field, &condition).body(()).unwrap();
            let (parts, ()) = request.into_parts();
            let response = answer(&file, &Settings::default(), &parts, b"/file.txt");
            let (answered, body) = response.into_parts();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let sent = runtime.block_on(body.collect()).unwrap().to_bytes();
            let length = answered.headers.get("content-length").map(|length| length.to_str().unwrap().parse::<usize>().unwrap());
            match answered.status.as_u16() {
                200 => prop_assert!(sent == TEXT || head),
                206 if length.is_some_and(|length| length <= TEXT.len()) && !answered.headers["content-type"].as_bytes().starts_with(b"multipart") => {
                    prop_assert!(head || TEXT.windows(sent.len()).any(|part| part == sent));
                }
                206 | 304 | 412 | 416 => {}
                other => prop_assert!(false, "status {}", other),
            }
            if let Some(length) = length {
                prop_assert!(head || sent.len() == length, "{} bytes sent, {} announced", sent.len(), length);
            }
        }
    }
}
