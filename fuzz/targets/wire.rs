//! What a front and a thread of a daemon process read of each other: bytes as they come, and frames made of them.
//!
//! What was read is written again and gives the same bytes, and what is cut short is refused. The only part of a payload whose length
//! nothing says is the body at its end.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use wsgi_httpd::runtime::exchange::{Call, Head, Target};
use wsgi_httpd::runtime::pairs::Pairs;
use wsgi_httpd::runtime::wire::{self, BODY_FOLLOWS, COMPLETE, Frame, HEADER, Kind, MAX_PAYLOAD};
use wsgi_httpd_fuzz::Bytes;

fuzz_target!(|input: &[u8]| {
    let Some((&how, input)) = input.split_first() else { return };
    match how % 4 {
        0 => stream(input),
        1 => head(Bytes(input)),
        2 => target(Bytes(input)),
        _ => request(Bytes(input)),
    }
});

/// Bytes of somebody who may mean anything by them.
fn stream(mut input: &[u8]) {
    while let Some((header, rest)) = input.split_first_chunk::<HEADER>() {
        let Ok(frame) = Frame::parse(*header) else { return };
        assert!(frame.length <= MAX_PAYLOAD);
        let mut again = Vec::new();
        wire::put_header(&mut again, frame.kind, frame.flags, frame.length);
        // Two bytes mean nothing.
        assert_eq!((&again[..2], &again[4..]), (&header[..2], &header[4..]));
        let Some((payload, rest)) = rest.split_at_checked(frame.length) else { return };
        payload_of(frame, payload);
        input = rest;
    }
}

fn payload_of(frame: Frame, payload: &[u8]) {
    let mut again = Vec::new();
    match frame.kind {
        Kind::Target => {
            let Ok((number, target)) = wire::parse_target(payload) else { return };
            wire::put_target(&mut again, number, &target);
            assert_eq!(wire::parse_target(&again[HEADER..]).unwrap(), (number, target));
        }
        Kind::Request => {
            let mut asked = None;
            let find = |number| {
                asked = Some(number);
                (number % 2 == 0).then(|| Arc::new(nowhere()))
            };
            let Ok((call, body)) = wire::parse_request(payload, find) else { return };
            wire::put_request(&mut again, asked.unwrap(), &call, body, frame.flags & BODY_FOLLOWS != 0);
            let (one, other) = (&again[HEADER..], payload);
            // Any number but 0 says that the URL is `https`.
            assert_eq!((&one[..20], &one[24..]), (&other[..20], &other[24..]));
        }
        Kind::Head => {
            let Ok((head, begin)) = wire::parse_head(payload) else { return };
            wire::put_head(&mut again, &head, &payload[begin..], frame.flags & COMPLETE != 0);
            assert_eq!(&again[HEADER..], payload);
        }
        _ => {}
    }
}

/// The frame at the front of what was put into a buffer, and what follows it.
fn first(buffer: &[u8]) -> (Frame, &[u8], &[u8]) {
    let (header, rest) = buffer.split_first_chunk().unwrap();
    let frame = Frame::parse(*header).unwrap();
    let (payload, rest) = rest.split_at(frame.length);
    (frame, payload, rest)
}

fn head(mut bytes: Bytes<'_>) {
    let head = Head { status: bytes.number(), reason: bytes.text().to_vec(), headers: bytes.pairs() };
    let complete = bytes.switch();
    let large = bytes.switch();
    // Now and then more than one frame holds.
    let body = bytes.0.repeat(if large && !bytes.0.is_empty() { MAX_PAYLOAD / bytes.0.len() + 1 } else { 1 });
    let mut buffer = Vec::new();
    wire::put_head(&mut buffer, &head, &body, complete);
    let (frame, payload, mut rest) = first(&buffer);
    assert_eq!(frame.kind, Kind::Head);
    let (read, begin) = wire::parse_head(payload).unwrap();
    assert_eq!(read, head);
    let mut answered = payload[begin..].to_vec();
    let mut ended = frame.flags & COMPLETE != 0;
    while !rest.is_empty() {
        assert!(!ended, "nothing follows the end");
        let (frame, payload, behind) = first(rest);
        match frame.kind {
            Kind::Body => answered.extend_from_slice(payload),
            other => ended = other == Kind::End,
        }
        rest = behind;
    }
    assert!(answered == body && ended == complete);
    for end in 0..begin {
        assert!(wire::parse_head(&payload[..end]).is_err(), "cut at {end} of {begin}");
    }
}

fn target(mut bytes: Bytes<'_>) {
    let number = bytes.number().into();
    let target = Target {
        script: bytes.text().to_vec(),
        process_group: String::from_utf8_lossy(bytes.text()).into_owned(),
        application_group: String::from_utf8_lossy(bytes.text()).into_owned(),
        callable_object: String::from_utf8_lossy(bytes.text()).into_owned(),
        script_reloading: bytes.switch(),
        ignores_activity: bytes.switch(),
        multithread: bytes.switch(),
        multiprocess: bytes.switch(),
        environ: bytes.pairs(),
    };
    let mut buffer = Vec::new();
    wire::put_target(&mut buffer, number, &target);
    let (frame, payload, rest) = first(&buffer);
    assert!(frame.kind == Kind::Target && rest.is_empty());
    assert_eq!(wire::parse_target(payload).unwrap(), (number, target));
    for end in 0..payload.len() {
        assert!(wire::parse_target(&payload[..end]).is_err(), "cut at {end}");
    }
}

fn request(mut bytes: Bytes<'_>) {
    let number = bytes.number().into();
    let call = Call {
        target: Arc::new(nowhere()),
        environ: bytes.pairs(),
        https: bytes.switch(),
        request_start: bytes.number().into(),
        batch: 0,
        queue_start: bytes.number().into(),
    };
    let follows = bytes.switch();
    let body = bytes.0;
    let mut buffer = Vec::new();
    wire::put_request(&mut buffer, number, &call, body, follows);
    let (frame, payload, rest) = first(&buffer);
    assert!(frame.kind == Kind::Request && rest.is_empty());
    assert_eq!(frame.flags & BODY_FOLLOWS != 0, follows);
    let find = |asked| (asked == number).then(|| Arc::clone(&call.target));
    let (read, inline) = wire::parse_request(payload, find).unwrap();
    assert_eq!(inline, body);
    assert_eq!(
        (read.environ, read.https, read.request_start, read.queue_start),
        (call.environ, call.https, call.request_start, call.queue_start)
    );
    for end in 0..payload.len() - body.len() {
        assert!(wire::parse_request(&payload[..end], |_| Some(Arc::new(nowhere()))).is_err(), "cut at {end}");
    }
}

fn nowhere() -> Target {
    Target {
        script: Vec::new(),
        process_group: String::new(),
        application_group: String::new(),
        callable_object: String::new(),
        script_reloading: false,
        ignores_activity: false,
        multithread: false,
        multiprocess: false,
        environ: Pairs::default(),
    }
}
