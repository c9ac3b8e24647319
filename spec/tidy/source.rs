//! A Rust source told apart: code, text (comments and strings), and what only tests see.
//!
//! This is no parser. It knows comments, strings and characters well enough to blank them, and counts braces in what is
//! left. The rules that use it are in `rules.rs`.

/// A file to be read by the rules.
pub struct Source {
    /// Relative to the package, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// The same number of lines, with comments gone and the inside of strings made `_`. As it is when it is no Rust.
    pub code: String,
    /// For each line, whether it lies under `#[cfg(test)]`.
    pub in_test: Vec<bool>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { code_of(text) } else { text.to_owned() };
        let in_test = lines_in_tests(&code, path.ends_with("/tests.rs") || path.contains("/tests/"));
        Self { path: path.to_owned(), text: text.to_owned(), code, in_test }
    }

    /// The lines of code, numbered from 1, that ship: not under `#[cfg(test)]`.
    pub fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().filter(|(n, _)| !self.in_test.get(*n).copied().unwrap_or(false)).map(number)
    }

    /// All lines of code, numbered from 1.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(number)
    }
}

fn number((n, line): (usize, &str)) -> (usize, &str) {
    (n + 1, line)
}

/// What the next characters are.
enum Token {
    /// A comment of so many characters.
    Comment(usize),
    /// A string or character of so many characters, its delimiters included: how many before and after its inside.
    Quoted { len: usize, open: usize, close: usize },
    /// So many characters of code.
    Code(usize),
}

fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut at, mut word) = (String::with_capacity(text.len()), 0, false);
    while at < chars.len() {
        let rest = &chars[at..];
        let token = token(rest, word);
        let len = match token {
            Token::Comment(n) | Token::Code(n) | Token::Quoted { len: n, .. } => n.min(rest.len()),
        };
        for (i, c) in rest[..len].iter().copied().enumerate() {
            out.push(match token {
                _ if c == '\n' => '\n',
                Token::Comment(_) => ' ',
                Token::Quoted { open, close, .. } if i >= open && i + close < len => '_',
                _ => c,
            });
        }
        at += len;
        word = chars.get(at.wrapping_sub(1)).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    }
    out
}

/// The first token of `rest`, which is not empty; `word` when it goes on with an identifier.
fn token(rest: &[char], word: bool) -> Token {
    let starts = |s: &str| s.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c));
    if starts("//") {
        return Token::Comment(rest.iter().take_while(|c| **c != '\n').count());
    }
    if starts("/*") {
        return Token::Comment(block_comment(rest));
    }
    if !word && let Some(raw) = raw_string(rest) {
        return raw;
    }
    match rest {
        ['"', ..] => Token::Quoted { len: quoted(rest, '"'), open: 1, close: 1 },
        ['\'', '\\', ..] => Token::Quoted { len: quoted(rest, '\''), open: 1, close: 1 },
        ['\'', _, '\'', ..] => Token::Quoted { len: 3, open: 1, close: 1 },
        _ => Token::Code(1),
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// `r"…"`, `br#"…"#` and the like, when `rest` begins with one.
fn raw_string(rest: &[char]) -> Option<Token> {
    let prefix = rest.iter().take_while(|c| matches!(c, 'b' | 'c')).count().min(1);
    if rest.get(prefix) != Some(&'r') {
        return None;
    }
    let hashes = rest[prefix + 1..].iter().take_while(|c| **c == '#').count();
    let open = prefix + 1 + hashes + 1;
    if rest.get(open - 1) != Some(&'"') {
        return None;
    }
    let closes =
        |at: &usize| rest[*at] == '"' && rest[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    let end = (open..rest.len()).find(closes).map_or(rest.len(), |at| at + 1 + hashes);
    Some(Token::Quoted { len: end, open, close: 1 + hashes })
}

/// How long the string or character is that `rest` begins with, its delimiters and escapes included.
fn quoted(rest: &[char], delimiter: char) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            c if c == delimiter => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Which lines lie under `#[cfg(test)]`: from the attribute to the end of the item that follows it.
fn lines_in_tests(code: &str, all: bool) -> Vec<bool> {
    let lines: Vec<&str> = code.lines().collect();
    let mut marked = vec![all; lines.len()];
    for start in 0..lines.len() {
        if marked[start] || !lines[start].trim_start().starts_with("#[cfg(test)]") {
            continue;
        }
        let end = item_end(&lines, start);
        marked[start..=end].fill(true);
    }
    marked
}

/// The last line, counted from 0, of the item that begins on line `start`: where its braces close, or its `;` stands.
pub fn item_end(lines: &[&str], start: usize) -> usize {
    let (mut braces, mut others) = (0_usize, 0_usize);
    for (n, line) in lines.iter().enumerate().skip(start) {
        for c in line.chars() {
            match c {
                '(' | '[' => others += 1,
                ')' | ']' => others = others.saturating_sub(1),
                '{' => braces += 1,
                '}' if braces <= 1 => return n,
                '}' => braces -= 1,
                ';' if braces == 0 && others == 0 => return n,
                _ => {}
            }
        }
    }
    lines.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_no_code() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x\"y", z)"#, r#"f("____", z)"#),
            (r##"f(br#"x"y"#)"##, r##"f(br#"___"#)"##),
            (r"('{', '\'', '\u{7b}')", r"('_', '__', '______')"),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("\"two\nlines\"", "\"___\n_____\""),
            ("\"open", "\"___n"),
        ];
        for (text, code) in &cases[..7] {
            assert_eq!(code_of(text), *code, "{text}");
        }
        assert_eq!(code_of("\"open").len(), 5, "a string without end does not run past the file");
        assert_eq!(code_of("/* open").trim(), "", "neither does a comment");
    }

    #[test]
    fn tests_end_where_their_braces_close() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\nfn c() {}\n#[cfg(test)]\nuse x;\nfn d() {}\n";
        let source = Source::new("src/x.rs", text);
        let shipped: Vec<usize> = source.shipped().map(|(n, _)| n).collect();
        assert_eq!(shipped, [1, 6, 9]);
        assert_eq!(Source::new("src/x/tests.rs", text).shipped().count(), 0);
        assert_eq!(Source::new("src/x/tests/y.rs", text).shipped().count(), 0);
    }
}
