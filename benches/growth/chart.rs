//! Draws the panels side by side as one SVG.

use std::fmt::Write as _;

use crate::panel::{Line, Panel, decimals};

const COLUMNS: usize = 2;
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 210.0;

/// The area of the lines within a panel.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 384.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 168.0;

/// Different in more than colour: the second line is dashed.
const STYLES: [&str; 2] = [
    r##"stroke="#1f5fa8""##,
    r##"stroke="#b3470b" stroke-dasharray="6 3""##,
];

pub(crate) fn svg(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(COLUMNS);
    let (width, height) = (WIDTH * number(COLUMNS), HEIGHT * number(rows));
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="#222">
<title>Cost by number of endpoints, outcomes, headers, bytes, callers and threads</title>
<rect width="100%" height="100%" fill="#fff"/>
"##
    );
    for (index, panel) in panels.iter().enumerate() {
        let x = WIDTH * number(index % COLUMNS);
        let y = HEIGHT * number(index / COLUMNS);
        let _ = writeln!(svg, r#"<g transform="translate({x} {y})">"#);
        draw(&mut svg, panel);
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

fn draw(svg: &mut String, panel: &Panel) {
    let axes = Axes::of(panel);
    let symbol = panel.unit.symbol();
    let _ = writeln!(
        svg,
        r#"<text x="8" y="20" font-weight="bold">{}, by {}</text>"#,
        panel.title, panel.of
    );
    for share in [0.0, 0.5, 1.0] {
        let (value, y) = (axes.top * share, axes.y(axes.top * share));
        let _ = writeln!(
            svg,
            r##"<path d="M{LEFT} {y:.1}H{RIGHT}" stroke="#ddd"/><text x="{:.1}" y="{:.1}" text-anchor="end">{value:.*} {symbol}</text>"##,
            LEFT - 6.0,
            y + 4.0,
            decimals(value),
        );
    }
    for at in &axes.numbers {
        let _ = writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            axes.x(*at),
            BOTTOM + 18.0,
            short(*at)
        );
    }
    for ((index, line), style) in panel.lines.iter().enumerate().zip(STYLES) {
        draw_line(svg, (panel, &axes), line, style);
        let x = LEFT + 150.0 * number(index);
        let _ = writeln!(
            svg,
            r#"<path d="M{x} 36h24" {style} stroke-width="2"/><text x="{}" y="40">{}</text>"#,
            x + 30.0,
            line.name
        );
    }
}

fn draw_line(svg: &mut String, (panel, axes): (&Panel, &Axes), line: &Line, style: &str) {
    let points = line.points.iter().map(|(at, cost)| {
        let (x, y) = (axes.x(*at), axes.y(panel.unit.of(*cost)));
        format!("{x:.1},{y:.1}")
    });
    let points: Vec<_> = points.collect();
    let _ = writeln!(
        svg,
        r#"<polyline points="{}" fill="none" {style} stroke-width="2"/>"#,
        points.join(" ")
    );
}

/// From figures to places: across by the logarithm, down from the highest.
struct Axes {
    numbers: Vec<usize>,
    top: f64,
}

impl Axes {
    fn of(panel: &Panel) -> Self {
        let points = || panel.lines.iter().flat_map(|line| &line.points);
        let highest = points().map(|(_, cost)| panel.unit.of(*cost));
        let mut numbers: Vec<_> = points().map(|(at, _)| *at).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Self {
            numbers,
            top: rounded_up(highest.fold(0.0, f64::max)),
        }
    }

    fn x(&self, at: usize) -> f64 {
        let of = |at: &usize| number(*at).log10();
        let (first, last) = self
            .numbers
            .first()
            .zip(self.numbers.last())
            .map_or((0.0, 1.0), |(first, last)| (of(first), of(last)));
        let share = (of(&at) - first) / (last - first).max(f64::MIN_POSITIVE);
        LEFT + 14.0 + (RIGHT - LEFT - 28.0) * share
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * value / self.top
    }
}

/// The next of 1, 2, 5, 10, 20, … above it.
fn rounded_up(value: f64) -> f64 {
    let magnitude = 10f64.powf(value.max(1e-3).log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * magnitude >= value);
    step.unwrap_or(10.0) * magnitude
}

/// 1,000 as `1k`.
fn short(number: usize) -> String {
    match number {
        1_000_000.. => format!("{}M", number / 1_000_000),
        1_000.. if number.is_multiple_of(1_024) => format!("{}Ki", number / 1_024),
        1_000.. => format!("{}k", number / 1_000),
        _ => number.to_string(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn number(number: usize) -> f64 {
    number as f64
}
