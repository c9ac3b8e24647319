//! A table that people read on a terminal and Markdown as a table.

use std::fmt::Write;

/// Each column as wide as its widest cell. A row that is too short has empty cells.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut lines = vec![head.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>()];
    lines.extend_from_slice(rows);
    let cell = |line: &[String], n: usize| line.get(n).cloned().unwrap_or_default();
    let width = |n: usize| lines.iter().map(|l| cell(l, n).chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        for (n, width) in widths.iter().enumerate() {
            let _ = write!(text, "| {:<width$} ", cell(line, n));
        }
        text.push_str("|\n");
        if at == 0 {
            for width in &widths {
                let _ = write!(text, "| {} ", "-".repeat(*width));
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let text = table(&["a", "long"], &[vec!["münze".to_owned(), "1".to_owned()], vec!["b".to_owned()]]);
        assert_eq!(text, "| a     | long |\n| ----- | ---- |\n| münze | 1    |\n| b     |      |\n");
    }
}
