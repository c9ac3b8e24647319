//! A badge: how many requirements an implementation keeps, as a small SVG without a network.

use super::matrix::Matrix;
use super::{Run, Standing};
use crate::spec::corpus::Corpus;
use crate::spec::doc::escape;

/// Pixels of a character, on average; `textLength` makes it exact.
const CHAR: usize = 7;
/// Pixels beside a text.
const PAD: usize = 8;

/// The badge of a run: green when all that was judged holds, amber when a baseline knows the rest, else red.
#[must_use]
pub fn badge(corpus: &Corpus, run: &Run) -> String {
    let runs = [run.clone()];
    let matrix = Matrix::new(corpus, &runs);
    let standings: Vec<Standing> = matrix.rows.iter().filter_map(|r| r.cells.first().copied().flatten()).collect();
    let judged = standings.iter().filter(|s| **s != Standing::Aside).count();
    let kept = standings.iter().filter(|s| matches!(s, Standing::Pass | Standing::Tolerated)).count();
    let worst = standings.iter().max().copied().unwrap_or(Standing::Open);
    let colour = match worst {
        Standing::Pass | Standing::Tolerated | Standing::Aside => "#1a7f37",
        Standing::Known => "#9a6700",
        Standing::Open | Standing::Wrong => "#b42318",
    };
    svg("LOCO", &format!("{kept} of {judged} requirements"), colour)
}

fn svg(label: &str, value: &str, colour: &str) -> String {
    let (left_text, right_text) = (label.chars().count() * CHAR, value.chars().count() * CHAR);
    let (left, right) = (left_text + 2 * PAD, right_text + 2 * PAD);
    let (label, value, width) = (escape(label), escape(value), left + right);
    let text = |x: usize, len: usize, text: &str| {
        format!("<text x=\"{x}\" y=\"14\" textLength=\"{len}\" lengthAdjust=\"spacingAndGlyphs\">{text}</text>")
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"20\" role=\"img\" \
         aria-label=\"{label}: {value}\"><title>{label}: {value}</title>\
         <clipPath id=\"r\"><rect width=\"{width}\" height=\"20\" rx=\"3\"/></clipPath><g clip-path=\"url(#r)\">\
         <rect width=\"{left}\" height=\"20\" fill=\"#454c54\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/></g>\
         <g fill=\"#fff\" font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" font-size=\"11\">{}{}</g></svg>\n",
        text(PAD, left_text, &label),
        text(left + PAD, right_text, &value)
    )
}
