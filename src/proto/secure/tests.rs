//! The layer as its users see it: any cut, any join, any length, any bytes, in every era.

use proptest::prelude::*;

use super::*;
use crate::proto::entropy::Entropy;
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::limits::Limits;

const KEY: SessionKey = SessionKey::from_bytes(*b"0123456789abcdef");

/// Small limits, so that a length over them is cheap to make.
const SMALL: Limits = Limits { body_len_max: 4096, ..Limits::DEFAULT };

fn sealer(era: Era) -> Sealer {
    Sealer::new(era, &KEY, Entropy::named(3, era.as_str()))
}

fn opener(era: Era) -> Opener {
    Opener::new(era, &KEY, SMALL)
}

fn sealed(era: Era, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    sealer(era).seal(plain, &mut out);
    out
}

fn sample(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 253) as u8).collect()
}

/// What an opener gives for a stream that arrives in these pieces.
fn open<'a>(era: Era, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Result<(), Malformed>) {
    let (mut opener, mut plain) = (opener(era), Vec::new());
    for piece in pieces {
        if let Err(e) = opener.push(piece, &mut plain) {
            assert_eq!((opener.pending(), opener.memory()), (0, 0), "nothing is kept of a broken stream");
            return (plain, Err(e));
        }
    }
    (plain, Ok(()))
}

#[test]
fn every_length_about_a_border_comes_back() {
    for era in Era::ALL {
        for len in [0, 1, 15, 16, 17, 22, 129, 2046, 2047, 2048, 2049, 4093, 4094, 4095] {
            let plain = sample(len);
            let wire = sealed(era, &plain);
            assert_eq!(wire.len(), frame::sealed_len(era, len), "{era} {len}");
            assert_eq!(open(era, [wire.as_slice()]), (plain, Ok(())), "{era} {len}");
        }
    }
}

#[test]
fn every_cut_of_a_stream_gives_the_same_and_waits_for_the_rest() {
    for era in Era::ALL {
        let plain = sample(100);
        let wire = sealed(era, &plain);
        for cut in 0..=wire.len() {
            let (front, back) = wire.split_at(cut);
            let (mut opener, mut got) = (opener(era), Vec::new());
            assert_eq!(opener.push(front, &mut got), Ok(()), "{era} {cut}");
            assert_eq!(opener.pending(), if cut < wire.len() { cut } else { 0 }, "{era} {cut}");
            assert_eq!(got.is_empty(), cut < wire.len(), "{era} {cut}: a frame is opened whole");
            assert_eq!(opener.push(back, &mut got), Ok(()), "{era} {cut}");
            assert_eq!((got == plain, opener.pending(), opener.memory()), (true, 0, 0), "{era} {cut}");
        }
    }
}

#[test]
fn joined_frames_and_single_bytes_give_the_same() {
    for era in Era::ALL {
        let (mut sealer, mut wire, mut plain) = (sealer(era), Vec::new(), Vec::new());
        for len in [22, 1, 2100, 16, 300] {
            sealer.seal(&sample(len), &mut wire);
            plain.extend(sample(len));
        }
        assert_eq!(open(era, [wire.as_slice()]), (plain.clone(), Ok(())), "{era} joined");
        assert_eq!(open(era, wire.chunks(1)), (plain.clone(), Ok(())), "{era} bytes");
        assert_eq!(open(era, wire.chunks(7)), (plain, Ok(())), "{era} sevens");
    }
}

#[test]
fn a_frame_without_plaintext_is_taken_though_we_make_none() {
    for era in Era::ALL {
        assert_eq!(sealed(era, b""), b"");
    }
    assert_eq!(open(Era::E2019, [[&[16, 0, 0, 0][..], &[7; 16]].concat().as_slice()]), (vec![], Ok(())));
    let mut wire = Vec::new();
    suite::Seal::new(Suite::Gcm, &KEY, &mut Entropy::named(1, "a")).frame(b"", &mut Entropy::named(1, "a"), &mut wire);
    assert_eq!((wire.len(), open(Era::E2025, [wire.as_slice()])), (32, (vec![], Ok(()))));
    let mut wire = Vec::new();
    suite::Seal::new(Suite::Cbc, &KEY, &mut Entropy::named(1, "a")).frame(b"", &mut Entropy::named(1, "a"), &mut wire);
    assert_eq!((wire.len(), open(Era::E2012, [wire.as_slice()])), (20, (vec![], Ok(()))));
}

#[test]
fn a_length_field_is_judged_with_its_fourth_byte_and_the_stream_ends_there() {
    use MalformedKind::{FrameNotBlocks, FrameTooLong, FrameTooShort};
    let most = SMALL.frame_len_max() as u32;
    let cases = [
        (Era::E2012, 0, FrameTooShort),
        (Era::E2012, 15, FrameTooShort),
        (Era::E2012, 33, FrameNotBlocks),
        (Era::E2012, 2064, FrameTooLong),
        (Era::E2019, 0, FrameTooShort),
        (Era::E2019, 15, FrameTooShort),
        (Era::E2023, most + 1, FrameTooLong),
        (Era::E2025, 0, FrameTooShort),
        (Era::E2025, 27, FrameTooShort),
        (Era::E2025, u32::MAX, FrameTooLong),
    ];
    for (era, len, kind) in cases {
        let first = sealed(era, b"before");
        let wire = [first.as_slice(), &len.to_le_bytes()].concat();
        for pieces in [wire.chunks(wire.len()), wire.chunks(1)] {
            assert_eq!(open(era, pieces), (b"before".to_vec(), Err(kind.at(0))), "{era} {len}");
        }
        let short = &wire[..wire.len() - 1];
        assert_eq!(open(era, [short]), (b"before".to_vec(), Ok(())), "{era} {len}: three bytes decide nothing");
        let (mut opener, mut plain) = (opener(era), Vec::new());
        assert!(opener.push(&wire, &mut plain).is_err());
        assert_eq!(opener.push(&first, &mut plain), Err(kind.at(0)), "{era} {len}: the error stays");
        assert_eq!(plain, b"before");
    }
}

#[test]
fn a_changed_bit_of_a_gcm_frame_releases_nothing() {
    let wire = sealed(Era::E2025, b"authentic");
    for bit in 32..wire.len() * 8 {
        let mut changed = wire.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        for pieces in [changed.chunks(changed.len()), changed.chunks(5)] {
            let expected = MalformedKind::FrameTag.at(wire.len() - 16);
            assert_eq!(open(Era::E2025, pieces), (vec![], Err(expected)), "bit {bit}");
        }
    }
}

#[test]
fn a_bad_frame_leaves_the_plaintext_before_it_alone() {
    for (era, kind) in [(Era::E2012, MalformedKind::FramePadding), (Era::E2025, MalformedKind::FrameTag)] {
        let good = sealed(era, b"good");
        let mut bad = sealed(era, b"bad");
        // In CBC a bit of the second to last block changes the same bit of the padding; here that block is the IV.
        bad = if era == Era::E2012 { vec![16, 0, 0, 0].into_iter().chain([0; 16]).collect() } else { bad };
        if let Some(last) = bad.last_mut() {
            *last ^= 0x80;
        }
        let wire = [good.as_slice(), &bad, &good].concat();
        let (plain, result) = open(era, [wire.as_slice()]);
        assert_eq!((plain, result.map_err(|e| e.kind)), (b"good".to_vec(), Err(kind)), "{era}");
    }
}

#[test]
fn another_key_opens_nothing_that_was_sealed() {
    let other = SessionKey::from_bytes([1; 16]);
    for era in Era::ALL {
        let mut plain = Vec::new();
        let result = Opener::new(era, &other, SMALL).push(&sealed(era, b"a secret of some length"), &mut plain);
        assert_ne!(plain, b"a secret of some length", "{era}");
        assert_eq!(result.is_ok(), matches!(era, Era::E2019 | Era::E2023), "{era}: CFB alone cannot tell");
    }
}

#[test]
fn no_iv_comes_twice_and_both_directions_differ() {
    for (era, iv_len) in [(Era::E2019, 16), (Era::E2023, 16), (Era::E2025, 12)] {
        let mut connection = Entropy::named(3, "connection");
        let mut ours = Sealer::new(era, &KEY, connection.fork());
        let mut theirs = Sealer::new(era, &KEY, connection.fork());
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..500 {
            for sealer in [&mut ours, &mut theirs] {
                let mut out = Vec::new();
                sealer.seal(b"same", &mut out);
                assert!(seen.insert(out[4..4 + iv_len].to_vec()), "{era}");
            }
        }
    }
}

#[test]
fn an_announced_length_is_not_allocated() {
    for (era, head) in [(Era::E2012, 2048u32), (Era::E2019, 16 << 20), (Era::E2025, 16 << 20)] {
        let (mut opener, mut plain) = (Opener::new(era, &KEY, Limits::DEFAULT), Vec::new());
        assert_eq!(opener.push(&head.to_le_bytes(), &mut plain), Ok(()));
        for came in 5..=1000 {
            assert_eq!(opener.push(&[0], &mut plain), Ok(()));
            assert_eq!(opener.pending(), came);
            assert!(opener.memory() <= 2 * came && opener.memory() <= head as usize + 4, "{era} {came}");
        }
        assert_eq!(plain.capacity(), 0);
    }
}

#[test]
fn plaintext_over_16_mib_takes_two_modern_frames() {
    let plain = vec![3; fragment::MODERN_PLAIN_MAX + 22];
    for era in [Era::E2019, Era::E2025] {
        let wire = sealed(era, &plain);
        let mut got = Vec::new();
        assert_eq!(Opener::new(era, &KEY, Limits::DEFAULT).push(&wire, &mut got), Ok(()), "{era}");
        assert_eq!((got == plain, wire.len()), (true, frame::sealed_len(era, plain.len())), "{era}");
    }
}

fn any_era() -> impl Strategy<Value = Era> {
    prop::sample::select(Era::ALL.to_vec())
}

/// Cuts `bytes` into pieces of these lengths, again and again; a zero is an empty push.
fn cut<'a>(bytes: &'a [u8], lens: &[usize]) -> Vec<&'a [u8]> {
    let (mut rest, mut pieces) = (bytes, Vec::new());
    for len in lens.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, next) = rest.split_at((*len).min(rest.len()));
        pieces.push(piece);
        rest = next;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_is_sealed_is_opened_at_any_cut(
        era in any_era(),
        plains in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4200), 1..6),
        seed in any::<u64>(),
        lens in prop::collection::vec(0usize..3000, 0..8),
        last in 1usize..300,
    ) {
        let mut sealer = Sealer::new(era, &KEY, Entropy::named(seed, "seal"));
        let mut wire = Vec::new();
        plains.iter().for_each(|plain| sealer.seal(plain, &mut wire));
        let mut opener = Opener::new(era, &KEY, Limits::DEFAULT);
        let mut got = Vec::new();
        for piece in cut(&wire, &[lens.as_slice(), &[last]].concat()) {
            prop_assert_eq!(opener.push(piece, &mut got), Ok(()));
            prop_assert!(opener.memory() <= opener.pending() * 2);
        }
        prop_assert_eq!(got, plains.concat());
        prop_assert_eq!(opener.pending(), 0);
    }

    #[test]
    fn any_bytes_give_the_same_at_any_cut_and_stay_below_the_limit(
        era in any_era(),
        frames in prop::collection::vec((0u32..5000, 0usize..3000), 0..4),
        tail in prop::collection::vec(any::<u8>(), 0..64),
        lens in prop::collection::vec(0usize..700, 0..5),
        last in 1usize..300,
    ) {
        // Lengths that are often possible, before bytes that often are too few or too many.
        let mut wire = Vec::new();
        for (len, bytes) in frames {
            wire.extend(len.to_le_bytes());
            wire.extend(sample(bytes));
        }
        wire.extend(tail);
        let whole = open(era, [wire.as_slice()]);
        let (mut opener, mut got, mut result) = (opener(era), Vec::new(), Ok(()));
        for piece in cut(&wire, &[lens.as_slice(), &[last]].concat()) {
            result = opener.push(piece, &mut got);
            prop_assert!(opener.memory() <= frame::LEN_LEN + SMALL.frame_len_max());
            prop_assert!(got.len() <= wire.len());
            if result.is_err() {
                break;
            }
        }
        prop_assert_eq!((got, result), whole);
    }

    #[test]
    fn any_bytes_decode_as_a_handshake_or_not_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let looks = Handshake::looks_like(&bytes);
        prop_assert_eq!(looks.is_none(), bytes.len() < 7 || (bytes.len() == 7 && bytes[6] == 0));
        if let Ok(Some((handshake, used))) = Handshake::decode(&bytes) {
            let mut again = Vec::new();
            handshake.encode(&mut again);
            prop_assert_eq!(&again, &bytes[..used]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn any_block_gives_a_key(era in any_era(), block in prop::collection::vec(any::<u8>(), 0..300), fit in any::<bool>()) {
        let mut block = block;
        if fit {
            block.resize(era.wrapped_len(), 0x5a);
        }
        let ring = KeyRing::test();
        let key = unwrap(era, &block, &ring, &mut Entropy::named(1, "a"));
        prop_assert_eq!(unwrap(era, &block, &ring, &mut Entropy::named(2, "b")), key);
    }
}
