//! The messages between the parent and its children: bytes on the socket, read as each kind of message. What was read is sent and
//! read again, and says the same.

#![no_main]

use std::io::Write;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wsgi_httpd::runtime::handoff::{Control, Order, Report, Start, Work};

fuzz_target!(|input: &[u8]| {
    let Some((&how, input)) = input.split_first() else { return };
    // The length is that of what follows, and no descriptors; or whatever stands there.
    let length = (input.len() as u32).to_le_bytes();
    let bytes = if how & 1 == 0 { [&length[..], &[0; 4], input].concat() } else { input.to_vec() };
    match (how >> 1) % 4 {
        0 => receive::<Start>(&bytes),
        1 => receive::<Work>(&bytes),
        2 => receive::<Order>(&bytes),
        _ => receive::<Report>(&bytes),
    }
});

fn receive<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let (control, mut other) = pair();
    other.write_all(bytes).unwrap();
    other.shutdown(Shutdown::Write).unwrap();
    while let Ok(Some((message, descriptors))) = control.receive::<T>() {
        assert!(descriptors.is_empty(), "nothing sent any");
        again(&message);
    }
}

fn again<T: Serialize + DeserializeOwned>(message: &T) {
    let (control, other) = pair();
    let sender = Control::new(other);
    sender.send(message, &[control.as_fd()]).unwrap();
    drop(sender);
    let (read, descriptors) = control.receive::<T>().unwrap().unwrap();
    assert_eq!(serde_json::to_value(message).unwrap(), serde_json::to_value(read).unwrap());
    assert_eq!(descriptors.len(), 1);
    assert!(control.receive::<T>().unwrap().is_none());
}

fn pair() -> (Control, UnixStream) {
    let (one, other) = UnixStream::pair().unwrap();
    (Control::new(one), other)
}
