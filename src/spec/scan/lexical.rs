//! Plain scalars that YAML 1.1 and 1.2 read differently, or that a person misreads: each must be quoted.
//!
//! Only the rules on single scalars; [`super`] finds them.

use super::Scalar;

/// Keys whose value is always hex digits, and so is always quoted.
const HEX_KEYS: &[&str] = &["hex", "append"];

/// Why `s` may not be a key, if so.
pub(super) fn key(s: &Scalar) -> Option<String> {
    if s.quoted {
        return None;
    }
    if s.text == "<<" {
        return Some("a merge key: write the keys out".into());
    }
    doubtful(&s.text).map(|why| format!("key `{}` {why}: quote it", s.text))
}

/// Why `s` may not be the value of `key`, if so.
pub(super) fn value(s: &Scalar, key: &str) -> Option<String> {
    if s.quoted {
        return None;
    }
    let why = if HEX_KEYS.contains(&key) { Some("is hex") } else { doubtful(&s.text) };
    why.map(|why| format!("`{}` {why}: quote it", s.text))
}

fn doubtful(t: &str) -> Option<&'static str> {
    let lower = t.to_ascii_lowercase();
    if matches!(lower.as_str(), "y" | "n" | "yes" | "no" | "on" | "off") {
        return Some("is a boolean in YAML 1.1 and text in 1.2");
    }
    if matches!(lower.as_str(), "true" | "false" | "null") && t != lower {
        return Some("is not how this spec writes it (true, false, null)");
    }
    if matches!(t, "~" | "=") {
        return Some("is read differently by YAML 1.1 and 1.2");
    }
    let digits = t.strip_prefix(['-', '+']).unwrap_or(t);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return hex_word(t).then_some("looks like hex");
    }
    number(digits)
}

/// What is wrong with a scalar that begins like a number, without its sign.
fn number(d: &str) -> Option<&'static str> {
    let all = |f: fn(char) -> bool| d.chars().all(f);
    if d.len() > 1 && d.starts_with('0') && all(|c| c.is_ascii_digit() || c == '_') {
        return Some("is octal in YAML 1.1 and decimal in 1.2");
    }
    if d.starts_with("0x") || d.starts_with("0X") || d.starts_with("0o") || d.starts_with("0b") {
        return Some("is hex, octal or binary for some readers and text for others");
    }
    if d.contains(':') && all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '_')) {
        return Some("is a number to the base of 60 in YAML 1.1 and text in 1.2");
    }
    if d.contains('_') && all(|c| c.is_ascii_digit() || c == '_') {
        return Some("is a number in YAML 1.1 and text in 1.2");
    }
    if d.len() >= 8 && d.contains('-') && all(|c| c.is_ascii_digit() || c == '-') {
        return Some("is a date in YAML 1.1 and text in 1.2");
    }
    let exponent = d.contains(['e', 'E']) && all(|c| c.is_ascii_digit() || matches!(c, 'e' | 'E' | '.' | '-' | '+'));
    if exponent || matches!(d.to_ascii_lowercase().as_str(), ".inf" | ".nan") {
        return Some("is a number for some readers and text for others");
    }
    hex_word(d).then_some("looks like hex")
}

/// Four or more hex digits, letters and digits both.
fn hex_word(t: &str) -> bool {
    t.len() >= 4
        && t.len().is_multiple_of(2)
        && t.chars().all(|c| c.is_ascii_hexdigit())
        && t.chars().any(|c| c.is_ascii_digit())
        && t.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::scan::Pos;

    fn plain(t: &str) -> Scalar {
        Scalar { text: t.into(), at: Pos::default(), quoted: false }
    }

    #[test]
    fn doubtful_scalars_must_be_quoted() {
        for t in [
            "on",
            "Off",
            "yes",
            "n",
            "Y",
            "True",
            "NULL",
            "~",
            "0700",
            "07000000",
            "1:30",
            "190:20:30",
            "0x10",
            "0o7",
            "1_000",
            "2012-12-01",
            "1e3",
            ".inf",
            "ab12",
            "12ab34cd",
        ] {
            assert!(value(&plain(t), "k").is_some(), "{t} was taken");
            assert!(value(&Scalar { quoted: true, ..plain(t) }, "k").is_none(), "{t} in quotes was refused");
        }
    }

    #[test]
    fn ordinary_scalars_may_stand_plain() {
        for t in [
            "true",
            "null",
            "0",
            "-1",
            "1.5",
            "4294967295",
            "10s",
            "100ms",
            "WRITE",
            "a",
            "hello there",
            "7000",
            "deaf",
        ] {
            assert_eq!(value(&plain(t), "k"), None);
        }
    }

    #[test]
    fn hex_is_always_quoted() {
        assert!(value(&plain("1234"), "hex").is_some());
    }
}
