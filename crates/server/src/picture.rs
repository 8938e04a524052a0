//! Charts as pictures, for mails. Labels are drawn in whichever fonts the machine has; the numbers
//! stand beside every picture as a table.

use std::sync::{Arc, LazyLock};

use charts_rs::{BarChart, FunnelChart, HeatmapChart, LineChart, Series, TreemapChart};
use guanxi_base::{Error, Result};
use guanxi_crm::dashboards::{Chart, ChartKind, Drawn};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, fontdb};

/// Twice as many pixels as it is wide, for screens that have them.
const SCALE: f32 = 2.0;

/// Fonts that labels are drawn in, the first that is there.
const FAMILIES: [&str; 4] = ["Roboto", "Noto Sans", "DejaVu Sans", "Liberation Sans"];

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_system_fonts();
    // What a picture falls back to: the usual one here, which others complete letter by letter.
    let known = |name: &str| {
        fonts.faces().find(|face| face.families.iter().any(|(family, _)| family == name))
    };
    let usual = FAMILIES.iter().find_map(|name| known(name)).or_else(|| fonts.faces().next());
    let family = usual.and_then(|face| face.families.first()).map(|(family, _)| family.clone());
    if let Some(family) = family {
        fonts.set_serif_family(family);
    }
    Arc::new(fonts)
});

/// The picture of a chart as PNG; none of what is a table or a number, or cannot be drawn.
pub(crate) async fn of(chart: &Chart, drawn: &Drawn) -> Option<Vec<u8>> {
    let (kind, name, copy) = (chart.kind, chart.name.clone(), drawn.clone());
    // Drawing keeps a processor busy.
    let picture = tokio::task::spawn_blocking(move || png(kind, &name, &copy)).await;
    picture.map_err(Error::internal).flatten().unwrap_or_else(|error| {
        tracing::error!(%error, chart = chart.name, "a chart has no picture");
        None
    })
}

fn png(kind: ChartKind, title: &str, drawn: &Drawn) -> Result<Option<Vec<u8>>> {
    if drawn.shapes.is_empty() {
        return Ok(None);
    }
    svg(kind, title, drawn)?.map(|svg| raster(&svg)).transpose()
}

fn svg(kind: ChartKind, title: &str, drawn: &Drawn) -> Result<Option<String>> {
    let labels: Vec<String> = drawn.shapes.iter().map(|shape| shape.label.clone()).collect();
    let drawn_as = match kind {
        ChartKind::Bar => {
            let mut chart = BarChart::new(series(drawn), labels);
            title.clone_into(&mut chart.title.text);
            chart.svg()
        }
        ChartKind::Line => {
            let mut chart = LineChart::new(series(drawn), labels);
            title.clone_into(&mut chart.title.text);
            chart.svg()
        }
        ChartKind::Funnel => {
            let mut chart = FunnelChart::new(steps(drawn));
            title.clone_into(&mut chart.title.text);
            chart.svg()
        }
        ChartKind::Treemap => {
            let mut chart = TreemapChart::new(steps(drawn));
            title.clone_into(&mut chart.title.text);
            chart.svg()
        }
        ChartKind::HeatMap => {
            let (cells, columns) = (cells(drawn), drawn.series.clone());
            let mut chart = HeatmapChart::new(cells, columns, labels);
            title.clone_into(&mut chart.title.text);
            chart.svg()
        }
        ChartKind::Table | ChartKind::Number => return Ok(None),
    };
    drawn_as.map(Some).map_err(Error::internal)
}

fn series(drawn: &Drawn) -> Vec<Series> {
    let columns = drawn.series.iter().enumerate();
    let column = |(at, name): (usize, &String)| {
        let mut series: Series = (name.as_str(), Vec::<f32>::new()).into();
        let marks = drawn.shapes.iter().map(|shape| shape.marks.get(at)?.as_ref());
        series.data = marks.map(|mark| mark.map(|mark| mark.number() as f32)).collect();
        series
    };
    columns.map(column).collect()
}

/// Each mark as a series of its own, as funnels and areas want it.
fn steps(drawn: &Drawn) -> Vec<Series> {
    let step = |shape: &guanxi_crm::dashboards::Shape| {
        let sum: f64 = shape.marks.iter().flatten().map(|mark| mark.number()).sum();
        (shape.label.as_str(), vec![sum.max(0.0) as f32]).into()
    };
    drawn.shapes.iter().map(step).collect()
}

/// The cells of a heat map, row after row.
fn cells(drawn: &Drawn) -> Vec<(usize, f32)> {
    let columns = drawn.series.len();
    let rows = drawn.shapes.iter().enumerate();
    let cell = |(row, shape): (usize, &guanxi_crm::dashboards::Shape)| {
        let marks = shape.marks.iter().enumerate();
        let marks = marks
            .filter_map(|(at, mark)| Some((row * columns + at, mark.as_ref()?.number() as f32)));
        marks.collect::<Vec<_>>()
    };
    rows.flat_map(cell).collect()
}

fn raster(svg: &str) -> Result<Vec<u8>> {
    let options = usvg::Options { fontdb: FONTS.clone(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options).map_err(Error::internal)?;
    let size =
        tree.size().to_int_size().scale_by(SCALE).ok_or_else(|| Error::internal("no size"))?;
    let pixmap = Pixmap::new(size.width(), size.height());
    let mut pixmap = pixmap.ok_or_else(|| Error::internal("no size"))?;
    pixmap.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use guanxi_crm::dashboards::{Mark, Shape};
    use guanxi_record::Value;

    use super::*;

    fn drawn() -> Drawn {
        let mark = |number| Some(Mark { value: Value::Integer(number), address: None });
        let shape = |label: &str, numbers: [i64; 2]| Shape {
            lacking: None,
            label: label.to_owned(),
            address: None,
            marks: numbers.into_iter().map(mark).collect(),
        };
        Drawn {
            keys: "Country".into(),
            measure: "Number".into(),
            series: vec!["2025".into(), "2026".into()],
            shapes: vec![shape("China", [3, 4]), shape("France", [1, 2])],
            unseen: guanxi_crm::dashboards::Unseen::default(),
            series_left_out: 0,
            address: "/customer".into(),
            as_of: None,
        }
    }

    #[test]
    fn every_kind_has_its_picture() {
        for kind in [ChartKind::Bar, ChartKind::Line, ChartKind::Funnel, ChartKind::HeatMap] {
            let picture = png(kind, "Customers", &drawn()).unwrap().unwrap();
            assert!(picture.starts_with(b"\x89PNG"), "{kind:?}");
        }
        assert!(png(ChartKind::Treemap, "Customers", &drawn()).unwrap().is_some());
        assert_eq!(png(ChartKind::Number, "Customers", &drawn()).unwrap(), None);
        let nothing = Drawn { shapes: Vec::new(), ..drawn() };
        assert_eq!(png(ChartKind::Bar, "Customers", &nothing).unwrap(), None);
    }

    #[test]
    fn labels_are_drawn_where_there_are_fonts() {
        if FONTS.faces().next().is_none() {
            return;
        }
        let named = png(ChartKind::Bar, "Customers", &drawn()).unwrap();
        assert_ne!(named, png(ChartKind::Bar, "Others", &drawn()).unwrap());
    }
}
