//! A list of names and values in one buffer: header fields, entries of `environ`.
//!
//! Each pair is `length of name (u16), length of value (u32), name, value`, little endian. One allocation for a whole
//! request, and the form in which it travels.

/// Names and values, in order. Both are bytes; a `str` of `environ` is made of them by latin-1, but for `SCRIPT_FILENAME` and
/// `DOCUMENT_ROOT`, which are decoded as file names (PEP 3333, "Unicode Issues"; `mod_wsgi` environ types).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Pairs {
    bytes: Vec<u8>,
}

/// Bytes that are no list of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedPairs;

const LENGTHS: usize = 6;

impl Pairs {
    /// An empty list with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    /// Appends a pair. A name over 65535 bytes or a value over 4 GiB is left out; heads are limited far below.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let (Ok(name_length), Ok(value_length)) = (u16::try_from(name.len()), u32::try_from(value.len())) else {
            return;
        };
        let mut lengths = [0; LENGTHS];
        lengths[..2].copy_from_slice(&name_length.to_le_bytes());
        lengths[2..].copy_from_slice(&value_length.to_le_bytes());
        self.bytes.reserve(LENGTHS + name.len() + value.len());
        self.bytes.extend_from_slice(&lengths);
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
    }

    /// Appends all pairs of another list.
    pub fn extend(&mut self, other: &Self) {
        self.bytes.extend_from_slice(&other.bytes);
    }

    /// The pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        Iter { rest: &self.bytes }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The list as it travels.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A list that has travelled.
    ///
    /// # Errors
    /// [`MalformedPairs`] when a length points beyond the end.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, MalformedPairs> {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            (_, rest) = split(rest).ok_or(MalformedPairs)?;
        }
        Ok(Self { bytes })
    }
}

type Pair<'a> = (&'a [u8], &'a [u8]);

struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (pair, rest) = split(self.rest)?;
        self.rest = rest;
        Some(pair)
    }
}

fn split(bytes: &[u8]) -> Option<(Pair<'_>, &[u8])> {
    let (lengths, rest) = bytes.split_at_checked(LENGTHS)?;
    let name = usize::from(u16::from_le_bytes([lengths[0], lengths[1]]));
    let value = u32::from_le_bytes([lengths[2], lengths[3], lengths[4], lengths[5]]) as usize;
    let (name, rest) = rest.split_at_checked(name)?;
    let (value, rest) = rest.split_at_checked(value)?;
    Some(((name, value), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_comes_back() {
        let mut pairs = Pairs::default();
        pairs.push("HTTP_HOST", "example.org");
        pairs.push("EMPTY", "");
        let again = Pairs::from_bytes(pairs.as_bytes().to_vec()).unwrap();
        let read: Vec<_> = again.iter().collect();
        assert_eq!(read, [(&b"HTTP_HOST"[..], &b"example.org"[..]), (b"EMPTY", b"")]);
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        assert_eq!(Pairs::from_bytes(vec![1, 0, 9, 0, 0, 0, b'a', b'b']), Err(MalformedPairs));
        assert_eq!(Pairs::from_bytes(vec![1, 0]), Err(MalformedPairs));
    }
}
