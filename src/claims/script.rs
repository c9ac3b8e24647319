//! The workload: who says what when. The same for every transport, from a seed.

use std::time::Duration;

use crate::proto::entropy::Entropy;

/// What people write, from one word to a few sentences.
const WORDS: [&str; 10] = [
    "네",
    "ㅋㅋㅋㅋ",
    "지금 어디야?",
    "I am on the train, ten minutes.",
    "그럼 역 앞에서 보자, 거기 편의점 있잖아.",
    "ok",
    "The old bakery or the new one?",
    "아까 말한 그 사진 좀 보내 줄 수 있어? 엄마가 보고 싶다고 하셔서.",
    "On my way",
    "내일 회의가 열한 시로 바뀌었대. 자료는 내가 가져갈게, 너는 그냥 와.",
];
/// The text whose bytes are counted one by one.
pub const SAMPLE: &str = "그럼 역 앞에서 보자";

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the script, from 0 on. The text begins with it.
    pub n: usize,
    /// After the beginning.
    pub at: Duration,
    /// Who says it: 0 or 1.
    pub who: usize,
    /// What.
    pub text: String,
}

/// A text that says its number.
#[must_use]
pub fn numbered(n: usize, text: &str) -> String {
    format!("{n:04} {text}")
}

/// Bytes of the text that is counted, its number included.
#[must_use]
pub fn sample_len() -> usize {
    numbered(0, SAMPLE).len()
}

/// The number that a text says.
#[must_use]
pub fn number(text: &str) -> Option<usize> {
    text.split(' ').next()?.parse().ok()
}

/// A conversation of two with so many messages: one to six seconds from one to the next, in turns of one to three.
#[must_use]
pub fn conversation(seed: u64, messages: usize) -> Vec<Line> {
    let mut dice = Entropy::named(seed, "claims/script");
    let (mut at, mut who, mut turn) = (Duration::ZERO, 0, 0);
    let mut line = |n| {
        if turn == 0 {
            who = 1 - who;
            turn = dice.range(1, 3);
        }
        turn -= 1;
        at += Duration::from_millis(dice.range(1_000, 6_000));
        let words = WORDS.get(dice.below(WORDS.len() as u64) as usize).copied().unwrap_or_default();
        Line { n, at, who, text: numbered(n, words) }
    };
    (0..messages).map(&mut line).collect()
}

/// So many messages of the first device with the same text, one each `every`.
#[must_use]
pub fn monologue(messages: usize, every: Duration) -> Vec<Line> {
    let line = |n| Line { n, at: every * (n as u32 + 1), who: 0, text: numbered(n, SAMPLE) };
    (0..messages).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_has_eight_syllables_and_a_number() {
        assert_eq!(sample_len(), 5 + 8 * 3 + 3);
    }

    #[test]
    fn a_conversation_has_both_voices_and_repeats() {
        let lines = conversation(3, 400);
        assert_eq!(lines, conversation(3, 400));
        assert_ne!(lines, conversation(4, 400));
        let first = lines.iter().filter(|l| l.who == 0).count();
        assert!((150..250).contains(&first), "{first} of 400 by the first");
        assert!(lines.windows(2).all(|w| w[0].at < w[1].at));
        assert!(lines.iter().all(|l| number(&l.text) == Some(l.n)));
        let mean = lines.last().map_or(0.0, |l| l.at.as_secs_f64() / 400.0);
        assert!((3.2..3.8).contains(&mean), "{mean} s from one to the next");
    }
}
