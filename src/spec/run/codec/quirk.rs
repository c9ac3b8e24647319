//! Ways in which our codec can be wrong on purpose, so that vectors prove that they bite.
//!
//! `spec/quirks.yaml` has the same, with role `codec`; the first three are quirks of the core, of role `server`.

use crate::proto::error::MalformedKind;

macro_rules! quirks {
    ($($(#[$m:meta])* $id:ident = $name:literal;)*) => {
        /// One way to be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum CodecQuirk { $($(#[$m])* $id,)* }

        impl CodecQuirk {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// Its name in YAML and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }
        }
    };
}

quirks! {
    /// encode: the body length is big-endian.
    BigEndianLength = "big-endian-length";
    /// seal: every frame has the IV of the first.
    NonceReused = "nonce-reused";
    /// seal: a fragment of 2012 has one byte too many.
    FragmentTooLong = "fragment-too-long";
    /// seal: in 2012 a fragment goes on with the last block of the one before it.
    ChainsIv = "chains-iv";
    /// seal: the length does not count the IV.
    LengthWithoutIv = "length-without-iv";
    /// open: a wrong padding is no matter.
    TrustsPadding = "trusts-padding";
    /// open: a wrong tag is no matter.
    ReleasesBeforeTag = "releases-before-tag";
    /// decode: a method of 11 characters is none.
    MethodNeedsNul = "method-needs-nul";
    /// decode: any bytes are a method.
    TakesAnyMethod = "takes-any-method";
    /// decode: any body type is BSON.
    TakesAnyBodyType = "takes-any-body-type";
    /// decode: bytes behind the document are no matter.
    IgnoresTrailing = "ignores-trailing-bytes";
    /// decode: text that is no UTF-8 is taken.
    TakesAnyText = "takes-any-text";
    /// decode: a long integer that fits a short one becomes one.
    LosesWidth = "loses-integer-width";
    /// handshake: the numbers are always those of 2019.
    HandshakeOf2019 = "handshake-of-2019";
    /// accept: any key type and cipher is taken.
    TakesAnyHandshake = "takes-any-handshake";
    /// stream: one piece is one packet; the rest of it is lost.
    OnePiece = "one-piece-one-packet";
    /// stream: whatever length is announced is waited for.
    WaitsForAnyLength = "waits-for-any-length";
    /// decode: it dies of a method that is not ASCII.
    DiesOfMethod = "dies-of-bad-method";
    /// Every operation succeeds, also those that do not exist.
    AnswersEverything = "answers-everything";
}

impl CodecQuirk {
    /// The quirk called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|q| q.as_str() == name)
    }

    /// What a codec with this quirk takes for sound although it is not.
    #[must_use]
    pub const fn takes(self) -> &'static [MalformedKind] {
        use MalformedKind as M;
        match self {
            Self::TrustsPadding => &[M::FramePadding],
            Self::ReleasesBeforeTag => &[M::FrameTag],
            Self::TakesAnyMethod => &[M::MethodNotAscii, M::MethodEmpty, M::MethodAfterNul],
            Self::TakesAnyBodyType => &[M::BodyType],
            Self::IgnoresTrailing => &[M::BsonTrailing],
            Self::TakesAnyText => &[M::BsonUtf8],
            Self::TakesAnyHandshake => &[M::HandshakeKeyType, M::HandshakeCipher],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::spec::corpus::Corpus;
    use crate::spec::format::Role;

    #[test]
    fn the_spec_has_the_same_quirks() {
        let corpus = match Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("spec")) {
            Ok(c) => c,
            Err(e) => panic!("{e:?}"),
        };
        let rows = || corpus.quirks.iter().flat_map(|f| &f.value.quirks);
        let of_codecs: BTreeSet<&str> = rows().filter(|q| q.role == Role::Codec).map(|q| q.id.as_str()).collect();
        let all: BTreeSet<&str> = rows().map(|q| q.id.as_str()).collect();
        let ours: BTreeSet<&str> = CodecQuirk::ALL.iter().map(|q| q.as_str()).collect();
        assert!(of_codecs.is_subset(&ours) && ours.is_subset(&all), "{of_codecs:?}, {ours:?}");
        assert_eq!(ours.difference(&of_codecs).count(), 3, "those of the core");
    }
}
