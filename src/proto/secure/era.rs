//! The four documented generations of the protocol, as one table.
//!
//! Everything that differs between eras below the packets is a column here; nothing else in the secure layer matches
//! on an era. What differs above (entry, login command) belongs to `session`. Next: [`super::handshake`].

use core::fmt;

/// A documented generation of the protocol, named by the year of its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// BUY, CHECKIN and LOGIN; AES-CBC with a fixed IV under RSA-1024 (loco-2012 §3, §4: HX 9, 10, 18-20; CP; PK).
    E2012,
    /// LOGINLIST; AES-CFB, handshake 256/12/2 (loco-modern §2: NK, KPY, MAK, LP5).
    E2019,
    /// As 2019, handshake 256/15/2 (loco-modern §2: LP6, KT, STU, LUK).
    E2023,
    /// AES-GCM, handshake 256/16/3 (loco-modern §2: OK, AM, YUS, MOOO).
    E2025,
}

/// The cipher of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// AES-128-CBC, PKCS#7, the fixed IV restarted for every frame.
    Cbc,
    /// AES-128-CFB with 128-bit segments and a fresh IV in every frame.
    Cfb,
    /// AES-128-GCM with a fresh nonce and a tag in every frame.
    Gcm,
}

/// How the session key is padded under RSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrapping {
    /// PKCS#1 v1.5, block type 2.
    Pkcs1v15,
    /// OAEP with SHA-1, MGF1 with SHA-1, empty label.
    OaepSha1,
}

/// One row of the table.
struct Row {
    name: &'static str,
    wrapped_len: usize,
    key_type: u32,
    cipher_type: u32,
    wrapping: Wrapping,
    suite: Suite,
}

#[rustfmt::skip]
const TABLE: [Row; 4] = {
    use Suite::{Cbc, Cfb, Gcm};
    use Wrapping::{OaepSha1, Pkcs1v15};
    [
        Row { name: "2012", wrapped_len: 128, key_type:  1, cipher_type: 1, wrapping: Pkcs1v15, suite: Cbc },
        Row { name: "2019", wrapped_len: 256, key_type: 12, cipher_type: 2, wrapping: OaepSha1, suite: Cfb },
        Row { name: "2023", wrapped_len: 256, key_type: 15, cipher_type: 2, wrapping: OaepSha1, suite: Cfb },
        Row { name: "2025", wrapped_len: 256, key_type: 16, cipher_type: 3, wrapping: OaepSha1, suite: Gcm },
    ]
};

impl Era {
    /// Every era, oldest first.
    pub const ALL: [Self; 4] = [Self::E2012, Self::E2019, Self::E2023, Self::E2025];

    const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The year that names it in YAML, on the command line and in traces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The era of that year; `None` for any other text.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|era| era.as_str() == name)
    }

    /// Bytes of the wrapped session key: the first number of the handshake.
    #[must_use]
    pub const fn wrapped_len(self) -> usize {
        self.row().wrapped_len
    }

    /// How the key is encrypted: the second number of the handshake.
    #[must_use]
    pub const fn key_type(self) -> u32 {
        self.row().key_type
    }

    /// What the frames are encrypted with: the third number of the handshake.
    #[must_use]
    pub const fn cipher_type(self) -> u32 {
        self.row().cipher_type
    }

    /// The handshake's three numbers: wrapped length in bytes, key type, cipher type.
    #[must_use]
    pub const fn triple(self) -> (u32, u32, u32) {
        (self.wrapped_len() as u32, self.key_type(), self.cipher_type())
    }

    /// The era with exactly these three numbers; `None` for every other mix.
    #[must_use]
    pub fn from_triple(triple: (u32, u32, u32)) -> Option<Self> {
        Self::ALL.into_iter().find(|era| era.triple() == triple)
    }

    /// Bits of the RSA key.
    #[must_use]
    pub const fn rsa_bits(self) -> usize {
        self.wrapped_len() * 8
    }

    /// The padding under RSA.
    #[must_use]
    pub const fn wrapping(self) -> Wrapping {
        self.row().wrapping
    }

    /// The cipher of its frames.
    #[must_use]
    pub const fn suite(self) -> Suite {
        self.row().suite
    }

    /// True for the eras with booking, ticket and LOGINLIST: all but 2012.
    #[must_use]
    pub const fn is_modern(self) -> bool {
        !matches!(self, Self::E2012)
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_facts() {
        let triples: Vec<_> = Era::ALL.iter().map(|era| (era.as_str(), era.triple(), era.rsa_bits())).collect();
        assert_eq!(
            triples,
            [
                ("2012", (128, 1, 1), 1024),
                ("2019", (256, 12, 2), 2048),
                ("2023", (256, 15, 2), 2048),
                ("2025", (256, 16, 3), 2048)
            ]
        );
    }

    #[test]
    fn names_and_triples_lead_back() {
        for era in Era::ALL {
            assert_eq!(Era::parse(&era.to_string()), Some(era));
            assert_eq!(Era::from_triple(era.triple()), Some(era));
        }
        for wrong in ["", "2011", "2020", "E2012", " 2012", "2012 "] {
            assert_eq!(Era::parse(wrong), None, "{wrong:?}");
        }
        for wrong in [(128, 1, 2), (128, 12, 2), (256, 1, 1), (256, 12, 3), (256, 15, 3), (256, 16, 2), (0, 0, 0)] {
            assert_eq!(Era::from_triple(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn eras_are_in_the_order_of_time() {
        assert!(Era::ALL.is_sorted());
        assert_eq!(format!("[{:>6}]", Era::E2025), "[  2025]");
    }
}
