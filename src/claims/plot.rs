//! Two kinds of pictures as SVG: bars that lie, and lines. Light and dark follow the reader's settings, also where the
//! picture is a file of its own.

use std::fmt::Write as _;

use super::report::short;

/// Colours of series, each for light and for dark.
const COLOURS: [(&str, &str); 8] = [
    ("#0b62b0", "#5fb0ff"),
    ("#d1491b", "#ff8a5c"),
    ("#1c7f4c", "#4fcf8f"),
    ("#8a3fb0", "#cf8fef"),
    ("#9a7400", "#e5c04a"),
    ("#0f7f8c", "#4fd0de"),
    ("#b0306c", "#ff86bb"),
    ("#5c6470", "#aab4c2"),
];
const WIDTH: f64 = 860.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 58.0;

/// Bars in rows.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What they show, with the unit.
    pub title: String,
    /// Each ten times as much takes the same way.
    pub log: bool,
    /// The bars of a row.
    pub series: Vec<String>,
    /// The rows: a name, and a value or none for each series.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
}

/// Lines.
#[derive(Clone, Debug)]
pub struct Lines {
    /// What they show.
    pub title: String,
    /// What lies to the right, with the unit.
    pub x: String,
    /// What rises, with the unit.
    pub y: String,
    /// Each ten times as much takes the same way, to the right and upwards.
    pub log: (bool, bool),
    /// The lines: a name, and points from left to right.
    pub series: Vec<(String, Vec<(f64, f64)>)>,
    /// A part of the height that is marked, with its words.
    pub mark: Option<(f64, f64, String)>,
}

/// Text in XML.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn open(title: &str, height: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<title>{}</title>\n<style>\n",
        escape(title)
    );
    let style = |svg: &mut String, dark: bool| {
        let (paper, ink, faint) =
            if dark { ("#14171c", "#e6e9ee", "#3a414c") } else { ("#ffffff", "#1b1f24", "#d5dae1") };
        let _ = writeln!(
            svg,
            ".paper{{fill:{paper}}} .ink{{fill:{ink}}} .grid{{stroke:{faint}}} .mark{{fill:{faint};opacity:.55}}"
        );
        for (i, (light, night)) in COLOURS.iter().enumerate() {
            let colour = if dark { night } else { light };
            let _ = writeln!(svg, ".f{i}{{fill:{colour}}} .s{i}{{stroke:{colour};fill:none;stroke-width:2}}");
        }
    };
    style(&mut svg, false);
    svg.push_str("@media (prefers-color-scheme: dark) {\n");
    style(&mut svg, true);
    svg.push_str("}\n</style>\n");
    let _ = writeln!(svg, "<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>");
    let _ = writeln!(
        svg,
        "<text class=\"ink\" x=\"14\" y=\"24\" font-size=\"15\" font-weight=\"600\">{}</text>",
        escape(title)
    );
    svg
}

/// The names of series, under the title; gives the height that they take beyond the first line.
fn legend(svg: &mut String, names: &[String]) -> f64 {
    let (mut x, mut y) = (14.0, 46.0);
    for (i, name) in names.iter().enumerate() {
        let wide = 26.0 + 7.4 * name.chars().count() as f64;
        if x + wide > WIDTH - 10.0 {
            (x, y) = (14.0, y + 20.0);
        }
        let c = i % COLOURS.len();
        let _ =
            writeln!(svg, "<rect class=\"f{c}\" x=\"{x}\" y=\"{:.1}\" width=\"12\" height=\"12\" rx=\"2\"/>", y - 11.0);
        let _ = writeln!(svg, "<text class=\"ink\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>", x + 17.0, escape(name));
        x += wide;
    }
    y - 46.0
}

/// Places of values on an axis.
#[derive(Clone, Copy, Debug)]
struct Axis {
    least: f64,
    most: f64,
    log: bool,
}

impl Axis {
    /// Over all of these. From nothing on, or from the power of ten below the least.
    fn over(values: impl Iterator<Item = f64> + Clone, log: bool) -> Self {
        let most = values.clone().fold(0.0, f64::max);
        if !log {
            return Self { least: 0.0, most: if most > 0.0 { most } else { 1.0 }, log };
        }
        let least = values.filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
        let least = if least.is_finite() { 10f64.powf(least.log10().floor()) } else { 1.0 };
        Self { least, most: most.max(least * 10.0), log }
    }

    /// From 0 to 1.
    fn place(&self, x: f64) -> f64 {
        let part = match self.log {
            true => (x.max(self.least) / self.least).log10() / (self.most / self.least).log10(),
            false => (x - self.least) / (self.most - self.least),
        };
        part.clamp(0.0, 1.0)
    }

    /// Values worth a line.
    fn ticks(&self) -> Vec<f64> {
        if self.log {
            let (from, to) = (self.least.log10().round() as i32, self.most.log10().floor() as i32);
            return (from..=to).map(|e| 10f64.powi(e)).collect();
        }
        let rough = self.most / 5.0;
        let unit = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * unit).find(|s| *s >= rough).unwrap_or(rough);
        let count = (self.most / step).floor() as usize;
        (0..=count).map(|i| i as f64 * step).collect()
    }
}

/// A thin line.
fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(svg, "<line class=\"grid\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
}

/// Words: `anchor` is where they are held, `size` their height.
fn say(svg: &mut String, (x, y): (f64, f64), anchor: &str, size: u32, text: &str) {
    let _ = writeln!(
        svg,
        "<text class=\"ink\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{}</text>",
        escape(text)
    );
}

impl Bars {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        let values = self.rows.iter().flat_map(|(_, v)| v.iter().flatten().copied());
        let axis = Axis::over(values, self.log);
        let thick = if self.series.len() > 2 { 11.0 } else { 14.0 };
        let row = thick * self.series.len() as f64 + 10.0;
        let mut words = String::new();
        let top = TOP + if self.series.len() > 1 { 4.0 + legend(&mut words, &self.series) } else { -16.0 };
        let bottom = top + row * self.rows.len() as f64;
        let mut svg = open(&self.title, bottom + 30.0);
        svg.push_str(&words);
        let wide = WIDTH - LEFT - RIGHT;
        for tick in axis.ticks() {
            let x = LEFT + wide * axis.place(tick);
            rule(&mut svg, (x, top), (x, bottom));
            say(&mut svg, (x, bottom + 16.0), "middle", 11, &short_tick(tick));
        }
        for (i, (name, values)) in self.rows.iter().enumerate() {
            let y = top + row * i as f64 + 5.0;
            say(&mut svg, (LEFT - 8.0, y + (row - 10.0) / 2.0 + 4.5), "end", 13, name);
            for (s, value) in values.iter().enumerate() {
                let (y, c) = (y + thick * s as f64, s % COLOURS.len());
                let long = value.map_or(0.0, |v| (wide * axis.place(v)).max(1.5));
                let tall = thick - 2.0;
                let _ = writeln!(
                    svg,
                    "<rect class=\"f{c}\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{long:.1}\" height=\"{tall:.1}\"/>"
                );
                let said = value.map_or_else(|| "not measured".to_owned(), short);
                say(&mut svg, (LEFT + long + 5.0, y + thick - 3.0), "start", 11, &said);
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// A number on an axis: as short as it goes.
fn short_tick(x: f64) -> String {
    match x {
        x if x >= 1e6 => format!("{}M", x / 1e6),
        x if x >= 1e3 => format!("{}k", x / 1e3),
        x => format!("{}", (x * 1e6).round() / 1e6),
    }
}

const HEIGHT: f64 = 330.0;

impl Lines {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|(_, p)| p.iter().copied());
        let across = Axis::over(points().map(|p| p.0), self.log.0);
        let up = Axis::over(points().map(|p| p.1), self.log.1);
        let names: Vec<String> = self.series.iter().map(|(n, _)| n.clone()).collect();
        let mut words = String::new();
        let top = TOP + 24.0 + legend(&mut words, &names);
        let bottom = top + HEIGHT;
        let (left, right) = (64.0, WIDTH - 24.0);
        let mut svg = open(&self.title, bottom + 44.0);
        svg.push_str(&words);
        let x = |v: f64| left + (right - left) * across.place(v);
        let y = |v: f64| bottom - HEIGHT * up.place(v);
        if let Some((from, to, said)) = &self.mark {
            let (high, wide, tall) = (y(*to), right - left, y(*from) - y(*to));
            let _ = writeln!(
                svg,
                "<rect class=\"mark\" x=\"{left}\" y=\"{high:.1}\" width=\"{wide}\" height=\"{tall:.1}\"/>"
            );
            say(&mut svg, (right - 8.0, high + tall - 8.0), "end", 12, said);
        }
        for tick in up.ticks() {
            rule(&mut svg, (left, y(tick)), (right, y(tick)));
            say(&mut svg, (left - 6.0, y(tick) + 4.0), "end", 11, &short_tick(tick));
        }
        for tick in across.ticks() {
            rule(&mut svg, (x(tick), top), (x(tick), bottom));
            say(&mut svg, (x(tick), bottom + 16.0), "middle", 11, &short_tick(tick));
        }
        say(&mut svg, (left.midpoint(right), bottom + 36.0), "middle", 13, &self.x);
        say(&mut svg, (14.0, top - 10.0), "start", 12, &self.y);
        for (i, (name, points)) in self.series.iter().enumerate() {
            let way: Vec<String> = points.iter().map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b))).collect();
            let dash = if i % 2 == 1 { " stroke-dasharray=\"7 3\"" } else { "" };
            let (c, way, name) = (i % COLOURS.len(), way.join(" "), escape(name));
            let _ = writeln!(svg, "<polyline class=\"s{c}\"{dash} points=\"{way}\"><title>{name}</title></polyline>");
        }
        svg.push_str("</svg>\n");
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_where_the_axis_says() {
        let plain = Axis::over([0.0, 40.0].into_iter(), false);
        assert_eq!((plain.place(10.0), plain.place(80.0)), (0.25, 1.0));
        assert_eq!(plain.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0]);
        let log = Axis::over([3.0, 1000.0].into_iter(), true);
        assert_eq!(log.ticks(), [1.0, 10.0, 100.0, 1000.0]);
        assert!((log.place(10.0) - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(log.place(0.0), 0.0, "nothing lies at the left edge");
    }

    #[test]
    fn a_bar_without_a_value_says_so_and_names_are_escaped() {
        let bars = Bars {
            title: "a < b".into(),
            log: false,
            series: vec!["one".into()],
            rows: vec![("x & y".into(), vec![None]), ("z".into(), vec![Some(2.0)])],
        };
        let svg = bars.svg();
        assert!(svg.contains("not measured") && svg.contains("x &amp; y") && svg.contains("a &lt; b"), "{svg}");
        assert_eq!(svg.matches("class=\"f0\"").count(), 2);
    }
}
