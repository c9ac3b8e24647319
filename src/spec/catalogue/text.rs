//! Text for a terminal: wrapped paragraphs and aligned columns.

use anstyle::Style;

/// Whether headings are written with codes that a terminal shows in bold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Text alone.
    Plain,
    /// With codes.
    Ansi,
}

/// The widest that a column may get before the last one, in characters.
const COLUMN_MAX: usize = 34;
/// The least that the last column needs; below it, it goes on lines of its own.
const LAST_MIN: usize = 40;

/// A page that grows downwards.
pub(super) struct Paper {
    width: usize,
    ink: Ink,
    out: String,
}

impl Paper {
    /// An empty page, so many characters wide.
    pub(super) fn new(width: usize, ink: Ink) -> Self {
        Self { width: width.max(30), ink, out: String::new() }
    }

    /// What is on it.
    pub(super) fn finish(self) -> String {
        self.out
    }

    /// A line in bold, and after it on the same line plain text.
    pub(super) fn title(&mut self, name: &str, rest: &str) {
        let bold = self.bold(name);
        let fits = name.chars().count() + 2 + rest.chars().count() <= self.width;
        if fits {
            self.out.push_str(&format!("{bold}  {rest}\n"));
        } else {
            self.out.push_str(&format!("{bold}\n"));
            self.para(2, rest);
        }
    }

    /// An empty line and a heading.
    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        for line in wrap(text, self.width) {
            let bold = self.bold(&line);
            self.out.push_str(&format!("{bold}\n"));
        }
    }

    fn bold(&self, text: &str) -> String {
        let style = Style::new().bold();
        match self.ink {
            Ink::Plain => text.to_string(),
            Ink::Ansi => format!("{}{text}{}", style.render(), style.render_reset()),
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// A paragraph.
    pub(super) fn para(&mut self, indent: usize, text: &str) {
        for line in wrap(text, self.width.saturating_sub(indent)) {
            self.push_line(indent, &line);
        }
    }

    /// Points of a list.
    pub(super) fn points<'t>(&mut self, points: impl IntoIterator<Item = &'t String>) {
        for text in points {
            for (n, line) in wrap(text, self.width.saturating_sub(4)).iter().enumerate() {
                self.push_line(2, &format!("{} {line}", if n == 0 { '-' } else { ' ' }));
            }
        }
    }

    fn push_line(&mut self, indent: usize, text: &str) {
        self.out.push_str(format!("{:indent$}{text}", "").trim_end());
        self.out.push('\n');
    }

    /// Rows of as many cells each, in columns; the last column is wrapped, and each of its lines begins a line.
    pub(super) fn rows(&mut self, rows: &[Vec<String>]) {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(1);
        let widths: Vec<usize> = (0..count).map(|n| column(rows, n)).collect();
        let left: usize = 2 + widths.iter().filter(|w| **w > 0).map(|w| w + 2).sum::<usize>();
        let (last_at, beside) = match self.width.checked_sub(left) {
            Some(rest) if rest >= LAST_MIN => (left, true),
            _ => (6, false),
        };
        for row in rows {
            let Some((last, cells)) = row.split_last() else { continue };
            let mut head = String::from("  ");
            for (cell, width) in cells.iter().zip(&widths).filter(|(_, w)| **w > 0) {
                head.push_str(&format!("{cell:<width$}  "));
            }
            let mut lines: Vec<String> =
                last.lines().flat_map(|l| wrap(l, self.width.saturating_sub(last_at))).collect();
            let fits = head.trim_end().chars().count() < last_at;
            if beside && fits && !lines.is_empty() {
                let first = lines.remove(0);
                self.push_line(0, &format!("{:<last_at$}{first}", head.trim_end()));
            } else if head.trim_end().chars().count() <= self.width {
                self.push_line(0, &head);
            } else {
                self.para(2, &head);
            }
            for line in lines {
                self.push_line(last_at, &line);
            }
        }
    }
}

/// The width of a column: its longest cell, but not more than [`COLUMN_MAX`].
fn column(rows: &[Vec<String>], n: usize) -> usize {
    let lens = rows.iter().filter_map(|r| r.get(n)).map(|c| c.chars().count());
    lens.filter(|len| *len <= COLUMN_MAX).max().unwrap_or(0)
}

/// Lines of at most `width` characters; a longer word has a line of its own.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut len) = (String::new(), 0);
    for word in text.split_whitespace() {
        let more = word.chars().count();
        if len > 0 && len + 1 + more > width {
            lines.push(std::mem::take(&mut line));
            len = 0;
        }
        if len > 0 {
            line.push(' ');
            len += 1;
        }
        line.push_str(word);
        len += more;
    }
    if len > 0 {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_they_may_be_and_no_longer() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aa bb cc", 4), ["aa", "bb", "cc"]);
        assert_eq!(wrap("a verylongword b", 4), ["a", "verylongword", "b"]);
        assert!(wrap("  ", 4).is_empty());
    }

    #[test]
    fn a_narrow_page_puts_the_last_column_on_lines_of_its_own() {
        let rows = vec![vec!["name".to_string(), "int64".into(), "What it means, at some length.".into()]];
        let of = |width| {
            let mut p = Paper::new(width, Ink::Plain);
            p.rows(&rows);
            p.finish()
        };
        assert_eq!(of(60), "  name  int64  What it means, at some length.\n");
        assert_eq!(of(30), "  name  int64\n      What it means, at some\n      length.\n");
    }
}
