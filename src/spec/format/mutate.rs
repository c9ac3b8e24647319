//! How valid bytes are spoiled, one named place at a time.
//!
//! A packet is built valid, then its mutations are applied in this order whatever the file's: header and body of the
//! packet, then its frame after sealing. So `header.body_len` says a lie about a body that stays as it was.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::lit::Lit;

/// One change to valid bytes: a place and exactly one thing done to it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// The place.
    pub field: Field,
    /// Sets a number, or the text of `header.method`; may be `{$var: vary.NAME}`.
    pub set: Option<Lit>,
    /// Adds to a number, wrapping.
    pub add: Option<i64>,
    /// Overwrites bytes from `at` on with these hex digits; `${vary.NAME}` is filled in.
    pub hex: Option<String>,
    /// Flips this bit, counted from the first byte's lowest; a negative number counts from the end.
    pub flip: Option<Lit>,
    /// Takes this many bytes off the end.
    pub truncate: Option<Lit>,
    /// Puts these hex digits at the end.
    pub append: Option<String>,
    /// With `hex`: the first byte that is overwritten.
    #[serde(default)]
    pub at: usize,
}

/// A place in what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Field {
    /// Packet id, u32.
    #[serde(rename = "header.id")]
    HeaderId,
    /// Status, i16.
    #[serde(rename = "header.status")]
    HeaderStatus,
    /// The 11 bytes of the method.
    #[serde(rename = "header.method")]
    HeaderMethod,
    /// Body type, u8.
    #[serde(rename = "header.body_type")]
    HeaderBodyType,
    /// Body length, u32.
    #[serde(rename = "header.body_len")]
    HeaderBodyLen,
    /// The bytes of the body; the header keeps saying the length that was valid.
    #[serde(rename = "body")]
    Body,
    /// As `body`, and the header then says the new length.
    #[serde(rename = "body.sized")]
    BodySized,
    /// The length field of the sealed frame, u32.
    #[serde(rename = "frame.len")]
    FrameLen,
    /// The sealed frame behind its length field; the field keeps saying the length that was valid.
    #[serde(rename = "frame")]
    Frame,
    /// As `frame`, and the length field then says the new length.
    #[serde(rename = "frame.sized")]
    FrameSized,
    /// The length field of the handshake, u32.
    #[serde(rename = "handshake.len")]
    HandshakeLen,
    /// The key type of the handshake, u32.
    #[serde(rename = "handshake.key_type")]
    HandshakeKeyType,
    /// The cipher of the handshake, u32.
    #[serde(rename = "handshake.cipher")]
    HandshakeCipher,
    /// The wrapped key of the handshake.
    #[serde(rename = "handshake.wrapped")]
    HandshakeWrapped,
}

impl Field {
    /// How many bytes the number at this place has; 0 when it is no number.
    #[must_use]
    pub const fn number_len(self) -> usize {
        match self {
            Self::HeaderId
            | Self::HeaderBodyLen
            | Self::FrameLen
            | Self::HandshakeLen
            | Self::HandshakeKeyType
            | Self::HandshakeCipher => 4,
            Self::HeaderStatus => 2,
            Self::HeaderBodyType => 1,
            Self::HeaderMethod
            | Self::Body
            | Self::BodySized
            | Self::Frame
            | Self::FrameSized
            | Self::HandshakeWrapped => 0,
        }
    }

    /// Whether this is a place of the handshake.
    #[must_use]
    pub const fn is_handshake(self) -> bool {
        matches!(self, Self::HandshakeLen | Self::HandshakeKeyType | Self::HandshakeCipher | Self::HandshakeWrapped)
    }
}

impl Mutation {
    /// What is wrong with this mutation, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let ops = [
            self.set.is_some(),
            self.add.is_some(),
            self.hex.is_some(),
            self.flip.is_some(),
            self.truncate.is_some(),
            self.append.is_some(),
        ];
        if ops.iter().filter(|x| **x).count() != 1 {
            return Some("a mutation has exactly one of set, add, hex, flip, truncate, append".into());
        }
        let number = self.field.number_len() > 0;
        if self.add.is_some() && !number {
            return Some("add needs a number to add to".into());
        }
        if self.set.is_some() && !number && self.field != Field::HeaderMethod {
            return Some("set needs a number or header.method; bytes are set by hex".into());
        }
        if number && (self.truncate.is_some() || self.append.is_some()) {
            return Some("a number can be neither cut nor lengthened".into());
        }
        [&self.hex, &self.append].into_iter().flatten().filter(|h| !h.contains("${")).find_map(|h| unhex(h).err())
    }
}

/// Hex digits to bytes; spaces between bytes are for the reader.
///
/// # Errors
/// What is wrong with the digits.
pub fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| c.to_digit(16).ok_or_else(|| format!("`{c}` is no hex digit")))
        .collect::<Result<_, _>>()?;
    if !digits.len().is_multiple_of(2) {
        return Err(format!("{} hex digits make no whole bytes", digits.len()));
    }
    Ok(digits.chunks_exact(2).map(|d| d.iter().fold(0u8, |n, x| n << 4 | u8::try_from(*x).unwrap_or(0))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_whole_bytes_of_hex_digits() {
        assert_eq!(unhex("05 00fF"), Ok(vec![5, 0, 255]));
        assert!(unhex("0").is_err() && unhex("0g").is_err() && unhex("é0").is_err());
    }
}
