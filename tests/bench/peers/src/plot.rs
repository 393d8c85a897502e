//! The results as SVG.

use std::{fs, ops::Range, path::PathBuf};

use dsoftbus_bench::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{
    cases::Case,
    columns::COLUMNS,
    plan::Plan,
    results::{Results, Spread},
};

/// Width and height in pixels.
const SIZE: (u32, u32) = (960, 560);

/// One colour for each of [`COLUMNS`], the same in every plot; ours are blue, what is no RPC system is grey.
const COLOURS: [RGBColor; 11] = [
    RGBColor(0x08, 0x51, 0x9c),
    RGBColor(0x6b, 0xae, 0xd6),
    RGBColor(0x6b, 0xae, 0xd6),
    RGBColor(0x96, 0x96, 0x96),
    RGBColor(0x96, 0x96, 0x96),
    RGBColor(0x52, 0x52, 0x52),
    RGBColor(0xd9, 0x5f, 0x0e),
    RGBColor(0x1b, 0x9e, 0x4b),
    RGBColor(0xa0, 0x2b, 0x93),
    RGBColor(0xc8, 0xc8, 0xc8),
    RGBColor(0xc8, 0xc8, 0xc8),
];

const _: () = assert!(COLOURS.len() == COLUMNS.len());

/// Writes `calls.svg` and `bulk.svg`, each if it was measured; returns where.
///
/// # Errors
///
/// When a file cannot be written.
pub(crate) fn write(plan: &Plan, results: &Results) -> Result<Vec<PathBuf>> {
    let mut lines: Vec<Line> = Vec::new();
    let mut bars = Vec::new();
    for (case, columns) in plan.cases() {
        for column in columns {
            let Some(spread) = results.spread(case, column.name, case.metrics()[0].name) else {
                continue;
            };
            match case {
                Case::Calls(in_flight) => {
                    let point = (f64::from(in_flight), spread);
                    match lines.iter_mut().find(|line| line.name == column.name) {
                        Some(line) => line.points.push(point),
                        None => lines.push(Line {
                            name: column.name,
                            points: vec![point],
                        }),
                    }
                }
                Case::Bulk => bars.push((column.name, spread)),
                _ => {}
            }
        }
    }
    fs::create_dir_all(&plan.plots)?;
    let mut written = Vec::new();
    let mut write = |name, svg| -> Result<()> {
        let path = plan.plots.join(name);
        fs::write(&path, svg)?;
        written.push(path);
        Ok(())
    };
    if !lines.is_empty() {
        write("calls.svg", calls(&lines)?)?;
    }
    if !bars.is_empty() {
        write("bulk.svg", bulk(&bars)?)?;
    }
    Ok(written)
}

/// One column over calls in flight.
struct Line {
    name: &'static str,
    points: Vec<(f64, Spread)>,
}

/// Calls per second over calls in flight, both on logarithmic scales: equal ratios are equal distances.
fn calls(lines: &[Line]) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let points = || lines.iter().flat_map(|line| &line.points);
        let across = around(points().flat_map(|(x, _)| [*x, *x]), 1.25);
        let up = around(points().flat_map(|(_, y)| [y.least, y.most]), 1.6);
        let mut chart = ChartBuilder::on(&area)
            .caption(
                "Calls of 64 bytes on one connection (floor: plain TCP)",
                ("sans-serif", 20),
            )
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(84)
            .build_cartesian_2d(
                across.log_scale().with_key_points(in_flight(lines)),
                up.log_scale(),
            )?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc("calls in flight (log)")
            .y_desc("calls per second (log), median and range")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| short(*y))
            .draw()?;
        for line in lines {
            let colour = colour(line.name);
            let style = ShapeStyle::from(colour).stroke_width(2);
            let medians = line.points.iter().map(|(x, y)| (*x, y.median));
            chart
                .draw_series(LineSeries::new(medians, style).point_size(3))?
                .label(line.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
            chart.draw_series(line.points.iter().map(|(x, y)| {
                ErrorBar::new_vertical(*x, y.least, y.median, y.most, colour.filled(), 10)
            }))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .label_font(("sans-serif", 14))
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}

/// Throughput as bars.
fn bulk(bars: &[(&'static str, Spread)]) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let most = bars.iter().map(|(_, spread)| spread.most);
        let most = most.fold(0.0, f64::max) * 1.1;
        let mut chart = ChartBuilder::on(&area)
            .caption("One payload of 1 GiB", ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(150)
            // The first bar is on top.
            .build_cartesian_2d(0.0..most, (bars.len() as f64 - 0.5)..-0.5)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .disable_y_mesh()
            .y_labels(0)
            .x_desc("MB/s, median and range")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .draw()?;
        for (place, (name, spread)) in bars.iter().enumerate() {
            let place = place as f64;
            let colour = colour(name);
            let bar = [(0.0, place - 0.3), (spread.median, place + 0.3)];
            chart.draw_series([Rectangle::new(bar, colour.filled())])?;
            chart.draw_series([ErrorBar::new_horizontal(
                place,
                spread.least,
                spread.median,
                spread.most,
                BLACK.filled(),
                12,
            )])?;
            // Left of the axis, right-aligned.
            let style = TextStyle::from(("sans-serif", 15).into_font())
                .pos(Pos::new(HPos::Right, VPos::Center));
            let (x, y) = chart.backend_coord(&(0.0, place));
            area.draw_text(name, &style, (x - 8, y))?;
        }
        area.present()?;
    }
    Ok(svg)
}

fn colour(name: &str) -> RGBColor {
    let mut pairs = COLUMNS.iter().zip(COLOURS);
    let found = pairs.find(|(column, _)| column.name == name);
    found.map_or(BLACK, |(_, colour)| colour)
}

/// From the least to the most of positive values, and some air at both ends.
fn around(values: impl Iterator<Item = f64> + Clone, air: f64) -> Range<f64> {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(0.0, f64::max);
    least / air..most * air
}

/// The calls in flight that were measured: the marks of the axis.
fn in_flight(lines: &[Line]) -> Vec<f64> {
    let mut all: Vec<f64> = lines
        .iter()
        .flat_map(|line| line.points.iter().map(|(x, _)| *x))
        .collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} M", value / 1e6),
        value if value >= 1e3 => format!("{} k", value / 1e3),
        value => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(median: f64) -> Spread {
        Spread {
            least: median * 0.9,
            median,
            most: median * 1.1,
        }
    }

    #[test]
    fn a_plot_of_calls_names_every_line_and_every_number_in_flight() {
        let line = |name, scale: f64| Line {
            name,
            points: [1.0, 16.0, 256.0].map(|x| (x, spread(x * scale))).into(),
        };
        let svg = calls(&[line("dsoftbus", 4_000.0), line("tonic", 500.0)]).unwrap();
        for text in ["dsoftbus", "tonic", "1", "16", "256"] {
            assert!(svg.contains(&format!("\n{text}\n</text>")), "{text}");
        }
        assert_eq!(
            svg.matches("<circle").count(),
            2 * 2 * 3,
            "points and medians"
        );
        assert!(svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_plot_of_bulk_names_every_bar() {
        let svg = bulk(&[("dsoftbus", spread(1_500.0)), ("tcp", spread(3_000.0))]).unwrap();
        assert!(svg.contains("\ndsoftbus\n</text>") && svg.contains("\ntcp\n</text>"));
    }
}
