//! Labels are read wherever numbers lie; pictures are what they were.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::lettering::Lettering;
use super::palette::{self, INK, PAPER, contrast, luminance};
use super::range::range;
use super::scene::{Align, Text};
use super::ticks::{self, short, ticks};
use super::*;

fn axis(name: &str, unit: Unit, scale: Scale) -> Axis {
    Axis { name: name.to_owned(), unit, scale }
}

fn point(x: f64, y: f64, around: f64) -> Point {
    Point { x, y, low: y - around, high: y + around }
}

fn elections() -> Chart {
    let series = |name: &str, slower: f64| Series {
        name: name.to_owned(),
        points: [0.15, 0.3, 0.6].map(|x| point(x, x * slower, 0.02)).to_vec(),
        theory: vec![(0.15, 0.16 * slower), (0.6, 0.6 * slower)],
        marks: vec![Mark { x: 0.3, y: 0.32 * slower, source: "Ongaro 2014".to_owned() }],
    };
    Chart {
        title: "Time to a new leader".to_owned(),
        about: "Means of 2,000 seeds & their <95 %> intervals.".to_owned(),
        x: axis("election timeout", Unit::Seconds, Scale::Linear),
        y: axis("time without a leader", Unit::Seconds, Scale::Linear),
        body: Body::Lines(vec![series("none failed", 1.1), series("one failed", 1.4)]),
    }
}

fn distribution() -> Chart {
    let points = [(0.002, 0.25), (0.02, 0.5), (0.3, 0.75), (40.0, 1.0)].map(|(x, y)| point(x, y, 0.0)).to_vec();
    Chart {
        title: "Detection times".to_owned(),
        about: String::new(),
        x: axis("time", Unit::Seconds, Scale::Log),
        y: axis("detected", Unit::Share, Scale::Linear),
        body: Body::Steps(vec![Series { points, ..Series::default() }]),
    }
}

fn by_category() -> Chart {
    let names = ["NFD-S", "phi-accrual", "SWIM"].map(str::to_owned).to_vec();
    let points = vec![point(0.0, 0.0, 0.0), point(1.0, 20.0, 5.0), point(2.0, 3_000.0, 400.0)];
    Chart {
        title: "Wrong suspicions".to_owned(),
        about: String::new(),
        x: axis("", Unit::Names(names), Scale::Linear),
        y: axis("mistakes", Unit::PerSecond, Scale::Log),
        body: Body::Lines(vec![Series { name: "measured".to_owned(), points, ..Series::default() }]),
    }
}

fn map() -> Chart {
    let strings = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    Chart {
        title: "Availability".to_owned(),
        about: String::new(),
        x: axis("interval", Unit::Number, Scale::Linear),
        y: axis("loss", Unit::Number, Scale::Linear),
        body: Body::Heat(Heat {
            columns: strings(&["50 ms", "100 ms"]),
            rows: strings(&["0 %", "1 %"]),
            groups: vec![("all".to_owned(), 2)],
            cells: vec![Some(1.0), Some(0.0005), Some(0.0), None],
            name: "available".to_owned(),
            unit: Unit::Share,
            scale: Scale::Log,
            zero: "never".to_owned(),
            absent: "no data".to_owned(),
        }),
    }
}

/// The left, top, right and bottom of what a text covers.
fn bounds(text: &Text, lettering: &Lettering) -> [f64; 4] {
    let width = lettering.width(&text.text, text.size);
    let before = match text.align {
        Align::Start => 0.0,
        Align::Middle => width / 2.0,
        Align::End => width,
    };
    let (x, y, half) = (text.at.0, text.at.1, text.size / 2.0);
    if text.upwards {
        [x - half, y + before - width, x + half, y + before]
    } else {
        [x - before, y - half, x - before + width, y + half]
    }
}

/// Every text is within the picture, and none lies on another.
fn can_be_read(chart: &Chart) -> Result<(), TestCaseError> {
    let (scene, lettering) = (scene(chart).unwrap(), Lettering::embedded().unwrap());
    let all: Vec<[f64; 4]> = scene.texts.iter().map(|text| bounds(text, &lettering)).collect();
    for (n, [left, top, right, bottom]) in all.iter().enumerate() {
        let text = &scene.texts[n].text;
        prop_assert!(*left >= 0.0 && *top >= 0.0, "{text}: {left} {top}");
        prop_assert!(*right <= scene.width && *bottom <= scene.height, "{text}: {right} {bottom}");
        for (other, [l, t, r, b]) in all.iter().enumerate().skip(n + 1) {
            let apart = right <= l || r <= left || bottom <= t || b <= top;
            prop_assert!(apart, "{text:?} lies on {:?}", scene.texts[other].text);
        }
    }
    Ok(())
}

fn units() -> impl Strategy<Value = Unit> {
    prop_oneof![Just(Unit::Share), Just(Unit::Seconds), Just(Unit::PerSecond), Just(Unit::Number)]
}

fn scales() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Linear), Just(Scale::Log)]
}

/// Numbers of every size.
fn numbers(least: i32, most: i32) -> impl Strategy<Value = f64> {
    (-9.99_f64..9.99, least..=most, 0..8).prop_map(|(digits, power, none)| {
        let number = digits * libm::pow(10.0, f64::from(power));
        if none == 0 { 0.0 } else { number }
    })
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-zA-Z0-9<&µ_./-]{1,40}", 0..8).prop_map(|words| words.join(" "))
}

fn series(names: usize) -> impl Strategy<Value = Series> {
    let places = move || {
        let place = move |x: f64| if names == 0 { x } else { libm::floor(x.abs() % names as f64) };
        numbers(-20, 20).prop_map(place)
    };
    let points = prop::collection::vec((places(), numbers(-20, 20), 0.0..3.0), 0..7).prop_map(|all| {
        let mut points: Vec<Point> = all.iter().map(|&(x, y, around)| point(x, y, around)).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        points
    });
    let marks = prop::collection::vec((places(), numbers(-20, 20), words()), 0..2);
    let marks = marks.prop_map(|all| all.into_iter().map(|(x, y, source)| Mark { x, y, source }).collect());
    (words(), points, prop::collection::vec((places(), numbers(-20, 20)), 0..4), marks)
        .prop_map(|(name, points, theory, marks)| Series { name, points, theory, marks })
}

fn charts() -> impl Strategy<Value = Chart> {
    let x = (prop::collection::vec(words(), 0..30), units(), scales());
    let x = x.prop_map(|(names, unit, scale)| match names.len() {
        0..15 => axis("", unit, scale),
        _ => axis("categories", Unit::Names(names), Scale::Linear),
    });
    let bodies = |x: Axis| {
        let names = if let Unit::Names(names) = &x.unit { names.len() } else { 0 };
        (Just(x), prop::collection::vec(series(names), 0..13), any::<bool>())
    };
    let y = (words(), units(), scales());
    (words(), words(), x.prop_flat_map(bodies), y).prop_map(|(title, about, (x, all, steps), (name, unit, scale))| {
        Chart {
            title,
            about,
            x,
            y: Axis { name, unit, scale },
            body: if steps { Body::Steps(all) } else { Body::Lines(all) },
        }
    })
}

fn maps() -> impl Strategy<Value = Chart> {
    let names = || prop::collection::vec(words(), 0..20);
    let of = |(rows, columns): (Vec<String>, Vec<String>)| {
        let cells = prop::collection::vec(prop::option::of(numbers(-20, 20)), rows.len() * columns.len());
        (Just(rows), Just(columns), cells, 0..3_usize)
    };
    let heat = ((names(), names()).prop_flat_map(of), words(), units(), scales());
    (words(), heat).prop_map(|(title, ((rows, columns, cells, group), name, unit, scale))| {
        let groups = if rows.is_empty() || group == 0 { Vec::new() } else { vec![("group".to_owned(), rows.len())] };
        let (zero, absent) = ("never".to_owned(), "no data".to_owned());
        let heat = Heat { columns, rows, groups, cells, name, unit, scale, zero, absent };
        Chart {
            about: String::new(),
            x: axis(&title, Unit::Number, Scale::Linear),
            y: axis("rows", Unit::Number, Scale::Linear),
            title,
            body: Body::Heat(heat),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn ticks_are_different_and_on_their_axis(
        unit in units(), scale in scales(), a in numbers(-299, 299), b in numbers(-299, 299), most in 4_usize..12,
    ) {
        let Some(ends) = range(&unit, scale, [a, b].into_iter()) else { return Ok(()) };
        prop_assert!(ends[0] < ends[1]);
        let ticks = ticks(&unit, scale, ends, most);
        prop_assert!((1..=most).contains(&ticks.labels.len()), "{ends:?} {ticks:?}");
        for (n, (value, label)) in ticks.labels.iter().enumerate() {
            prop_assert!((ends[0]..=ends[1]).contains(value) && !label.is_empty(), "{ends:?} {ticks:?}");
            prop_assert!(ticks.labels[n + 1..].iter().all(|(_, other)| other != label), "{ends:?} {ticks:?}");
        }
        let rounded = ticks::rounded(&unit, scale, ends, most);
        let is_share = unit == Unit::Share && ends[1] >= 1.0;
        prop_assert!(is_share || (rounded[0] <= ends[0] && rounded[1] >= ends[1]), "{ends:?} {rounded:?}");
    }

    #[test]
    fn texts_of_charts_can_be_read(chart in charts()) {
        can_be_read(&chart)?;
    }

    #[test]
    fn texts_of_heat_maps_can_be_read(chart in maps()) {
        can_be_read(&chart)?;
    }
}

fn labels(unit: Unit, scale: Scale, low: f64, high: f64) -> String {
    let ticks = ticks(&unit, scale, [low, high], 7);
    let labels: Vec<String> = ticks.labels.into_iter().map(|(_, label)| label).collect();
    format!("{} [{}]", labels.join(" | "), ticks.unit)
}

#[test]
fn ticks_are_round_in_the_unit_that_is_shown() {
    use Scale::{Linear, Log};
    assert_eq!(labels(Unit::Seconds, Linear, 0.0, 0.0052), "0 | 1 | 2 | 3 | 4 | 5 [ms]");
    assert_eq!(labels(Unit::Seconds, Linear, 0.0, 700.0), "0 | 2 | 4 | 6 | 8 | 10 [min]");
    assert_eq!(labels(Unit::Share, Linear, 0.9, 1.0), "90 % | 92 % | 94 % | 96 % | 98 % | 100 % []");
    assert_eq!(labels(Unit::Number, Linear, -1.0, 1.0), "−1.0 | −0.5 | 0.0 | 0.5 | 1.0 []");
    assert_eq!(labels(Unit::Number, Linear, 0.0, 25_000.0), "0 | 5,000 | 10,000 | 15,000 | 20,000 | 25,000 []");
    assert_eq!(labels(Unit::PerSecond, Linear, 0.0, 3e7), "0 | 5 | 10 | 15 | 20 | 25 | 30 [10⁶ per second]");
    assert_eq!(labels(Unit::Share, Linear, 0.0, 5e-8), "0 | 1 | 2 | 3 | 4 | 5 [10⁻⁶ %]");
    assert_eq!(labels(Unit::Seconds, Log, 1e-6, 20.0), "1 µs | 100 µs | 10 ms | 1 s []");
    assert_eq!(labels(Unit::Share, Log, 0.0005, 1.0), "0.1 % | 0.3 % | 1 % | 3 % | 10 % | 30 % | 100 % []");
    assert_eq!(labels(Unit::Number, Log, 100.0, 120.0), "100 | 105 | 110 | 115 | 120 []");
}

#[test]
fn numbers_in_cells_are_short() {
    let all = |unit: Unit, values: &[f64]| values.iter().map(|&value| short(&unit, "", value)).collect::<Vec<_>>();
    assert_eq!(all(Unit::Share, &[0.0, 0.0005, 0.0295, 0.72, 0.9995, 1.0]), ["0", "0.05", "2.9", "72", "99.9", "100"]);
    assert_eq!(all(Unit::Seconds, &[1.5e-6, 0.25, 61.0, 3600.0 * 5.0]), ["1.5 µs", "250 ms", "61 s", "5 h"]);
    assert_eq!(all(Unit::Number, &[9.96, 1234.0, -0.5, 3.2e9, 9.7e9]), ["10", "1,234", "−0.5", "3×10⁹", "10¹⁰"]);
    assert_eq!(short(&Unit::Seconds, "ms", 1.25), "1,250");
}

#[test]
fn colours_are_told_apart_without_hues() {
    let lightness: Vec<f64> = (0..5).map(|n| luminance(palette::of_series(n))).collect();
    for (n, one) in lightness.iter().enumerate() {
        let others = lightness[n + 1..].iter();
        assert!(others.clone().all(|other| (one.max(*other) + 0.05) / (one.min(*other) + 0.05) > 1.3), "{lightness:?}");
    }
    let map: Vec<_> = (0..=100).map(|n| palette::heat(f64::from(n) / 100.0)).collect();
    assert!(map.windows(2).all(|pair| luminance(pair[0]) > luminance(pair[1])), "not the more, the darker");
    assert!(map.iter().all(|&colour| contrast(colour, palette::on(colour)) > 4.0), "a number cannot be read");
    assert!(contrast(INK, PAPER) > 15.0);
}

#[test]
fn what_a_chart_looks_like() {
    insta::assert_snapshot!("lines", svg(&elections()).unwrap());
    insta::assert_snapshot!("steps", svg(&distribution()).unwrap());
    insta::assert_snapshot!("categories", svg(&by_category()).unwrap());
    insta::assert_snapshot!("heat", svg(&map()).unwrap());
}

#[test]
fn what_has_no_place_on_a_logarithmic_axis_is_told() {
    let texts = |chart: &Chart| scene(chart).unwrap().texts.into_iter().map(|text| text.text).collect::<Vec<_>>();
    assert!(texts(&by_category()).contains(&"zero, below the axis".to_owned()));
    let mut chart = by_category();
    chart.x = axis("loss", Unit::Share, Scale::Log);
    let note = "1 point at zero left out, for which a logarithmic axis has no place.";
    assert!(texts(&chart).contains(&note.to_owned()));
    chart.body = Body::Lines(vec![Series { points: vec![point(0.1, 0.0, 0.0)], ..Series::default() }]);
    assert!(texts(&chart).contains(&"no value above zero, and the axis is logarithmic".to_owned()));
    chart.body = Body::Steps(Vec::new());
    assert!(texts(&chart).contains(&"no data".to_owned()));
}

#[test]
fn a_single_point_and_equal_values_have_room_around_them() {
    let one = |unit: Unit, scale: Scale, value: f64| range(&unit, scale, std::iter::once(value)).unwrap();
    assert_eq!(one(Unit::Number, Scale::Linear, 0.0), [0.0, 1.0]);
    assert_eq!(one(Unit::Number, Scale::Linear, 8.0), [4.0, 12.0]);
    assert_eq!(one(Unit::Share, Scale::Linear, 1.0), [0.95, 1.0]);
    assert_eq!(one(Unit::Seconds, Scale::Log, 3.0), [1.0, 9.0]);
}

/// The width and the height of a picture, and its bytes: red, green and blue of each pixel.
fn decoded(file: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    (info.width as usize, info.height as usize, bytes)
}

#[test]
fn pixels_show_lines_and_letters() {
    let chart = elections();
    let file = png(&chart).unwrap();
    assert!(file == png(&chart).unwrap(), "the same chart, other bytes");
    let (width, height, bytes) = decoded(&file);
    let (scene, lettering) = (scene(&chart).unwrap(), Lettering::embedded().unwrap());
    assert_eq!((width, height), ((scene.width * 2.0) as usize, (scene.height * 2.0).round() as usize));
    let pixels: Vec<&[u8]> = bytes.chunks(3).collect();
    for colour in [palette::of_series(0), palette::of_series(1)] {
        let shown = pixels.iter().filter(|pixel| ***pixel == [colour.0, colour.1, colour.2]).count();
        assert!(shown > 500, "{colour:?}: {shown}");
    }
    for text in &scene.texts {
        let [left, top, right, bottom] = bounds(text, &lettering).map(|length| (length * 2.0) as usize);
        let rows = (top..bottom).flat_map(|y| &pixels[y * width + left..y * width + right]);
        let dark = rows.filter(|pixel| pixel[0] < 0x80).count();
        assert!(dark > 10 * text.text.chars().filter(|letter| letter.is_alphanumeric()).count(), "{text:?}: {dark}");
    }
}

#[test]
fn numbers_that_cannot_be_shown_are_refused() {
    let mut chart = elections();
    let Body::Lines(all) = &mut chart.body else { unreachable!() };
    all[1].points[0].high = f64::NAN;
    let said = |chart: &Chart| svg(chart).unwrap_err().to_string();
    assert_eq!(said(&chart), "\"one failed\" has a value that is no number, or too large or too small a one");
    let mut chart = by_category();
    let Body::Lines(all) = &mut chart.body else { unreachable!() };
    all[0].points[0].x = 0.5;
    assert_eq!(said(&chart), "\"measured\" has a point where the axis has no category");
    let mut chart = map();
    let Body::Heat(heat) = &mut chart.body else { unreachable!() };
    heat.cells.pop();
    assert_eq!(said(&chart), "a heat map has 3 cells; its rows and columns ask for 4");
}

#[test]
fn a_file_is_written_as_its_name_says() {
    let of = |name: &str| Format::of(Path::new(name));
    assert_eq!(
        [of("a/x.svg"), of("x.png"), of("x.html"), of("svg")],
        [Some(Format::Svg), Some(Format::Png), None, None]
    );
    assert!(Format::Png.bytes(&map()).unwrap().starts_with(b"\x89PNG"));
    let svg = String::from_utf8(Format::Svg.bytes(&elections()).unwrap()).unwrap();
    assert!(svg.contains("role=\"img\"") && svg.contains("2,000 seeds &amp; their &lt;95 %&gt; intervals."), "{svg}");
}
