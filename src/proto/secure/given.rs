//! Frames under an IV or nonce that the caller chooses: what test vectors need, and nobody who talks to a peer.
//!
//! Whoever talks uses a [`super::Sealer`], which never uses one twice.

use super::era::Era;
use super::fragment::{pieces, plain_max};
use super::keys::SessionKey;
use super::suite::Seal;
use crate::proto::entropy::Entropy;
use crate::proto::error::ApiMisuse;

/// Bytes of the IV or nonce that a frame of this era carries: 0, 16 or 12.
#[must_use]
pub const fn iv_len(era: Era) -> usize {
    super::frame::head_len(era.suite())
}

/// Appends the frames that carry `plain` under `key` to `out`, each under the same `iv`, which 2012 has none of.
///
/// # Errors
/// [`ApiMisuse::Key`] when `iv` has not [`iv_len`] bytes; then nothing is appended.
pub fn seal_under(era: Era, key: &SessionKey, iv: &[u8], plain: &[u8], out: &mut Vec<u8>) -> Result<(), ApiMisuse> {
    // A suite draws its nonce prefix, which is not used here.
    let suite = Seal::new(era.suite(), key, &mut Entropy::named(0, "given"));
    let start = out.len();
    for piece in pieces(plain_max(era), plain) {
        if suite.frame_under(iv, piece, out).is_none() {
            out.truncate(start);
            let wanted = iv_len(era);
            return Err(ApiMisuse::Key(format!("an IV of {} bytes, {era} needs {wanted}", iv.len())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::limits::Limits;
    use crate::proto::secure::Opener;

    #[test]
    fn what_is_sealed_under_a_given_iv_has_it_and_is_opened() {
        let key = SessionKey::from_bytes([7; 16]);
        for era in Era::ALL {
            let iv = vec![0xa5; iv_len(era)];
            for len in [1, 15, 16, 17, 2047, 2048] {
                let (plain, mut sealed, mut opened) = (vec![3; len], Vec::new(), Vec::new());
                assert_eq!(seal_under(era, &key, &iv, &plain, &mut sealed), Ok(()), "{era}");
                assert!(sealed.get(4..).is_some_and(|rest| rest.starts_with(&iv)), "{era}");
                assert_eq!(Opener::new(era, &key, Limits::DEFAULT).push(&sealed, &mut opened), Ok(()));
                assert_eq!(opened, plain, "{era}");
            }
            let mut out = vec![1];
            assert!(seal_under(era, &key, &[0; 5], b"x", &mut out).is_err());
            assert_eq!(out, [1]);
        }
    }
}
