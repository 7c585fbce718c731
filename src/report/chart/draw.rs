//! From what is laid out to SVG and to pixels, both by `plotters`.

use std::fmt::{Debug, Display};

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

use super::lettering::{FAMILY, Lettering};
use super::palette::PAPER;
use super::scene::{Align, Place, Scene, Shape, Text};
use super::{Chart, Undrawable};

/// `plotters` draws at whole places. In an SVG these are tenths of a length.
const TENTHS: f64 = 10.0;

/// How many pixels of a PNG there are to a length.
const SHARP: usize = 2;

/// Shapes are drawn so many times larger, each way, and taken together: edges come out smooth in every direction.
const SMOOTH: usize = 2;

/// `plotters` makes letters smaller by this factor than it is told.
const FONT_FACTOR: f64 = 1.24;

pub(super) fn svg(chart: &Chart, scene: &Scene) -> Result<String, Undrawable> {
    let mut drawn = String::new();
    {
        let size = (whole(scene.width, TENTHS) as u32, whole(scene.height, TENTHS) as u32);
        let mut backend = SVGBackend::with_string(&mut drawn, size);
        backend.draw_rect((0, 0), (size.0 as i32, size.1 as i32), &PAPER, true).map_err(unwritten)?;
        shapes(&mut backend, scene, TENTHS)?;
        scene.texts.iter().try_for_each(|text| write(&mut backend, text))?;
        backend.present().map_err(unwritten)?;
    }
    // The root is another: one that scales, and that says what is seen.
    let (_, content) = drawn.split_once('\n').unwrap_or_default();
    let (width, height) = (scene.width, scene.height);
    let view = format!("0 0 {} {}", whole(width, TENTHS), whole(height, TENTHS));
    let (title, about) = (Escaped(&chart.title), Escaped(&chart.about));
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"{view}\" \
         role=\"img\">\n<title>{title}</title>\n<desc>{about}</desc>\n{content}"
    ))
}

/// A text within XML.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            other => write!(f, "{other}"),
        })
    }
}

fn unwritten(error: impl Display) -> Undrawable {
    Undrawable::Unwritten(format!("the chart could not be drawn: {error}"))
}

fn whole(length: f64, scale: f64) -> i32 {
    (length * scale).round() as i32
}

fn shapes<B>(backend: &mut B, scene: &Scene, scale: f64) -> Result<(), Undrawable>
where
    B: DrawingBackend,
    B::ErrorType: Debug,
{
    let all = |places: &[Place]| places.iter().map(|&(x, y)| (whole(x, scale), whole(y, scale))).collect::<Vec<_>>();
    for shape in &scene.shapes {
        let drawn = match shape {
            Shape::Line { places, width, colour } => {
                let width = whole(*width, scale).max(1) as u32;
                let style = ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: width };
                backend.draw_path(all(places), &style)
            }
            Shape::Area { places, colour, opacity } => backend.fill_polygon(all(places), &colour.mix(*opacity)),
            Shape::Disc { centre: (x, y), radius, colour } => {
                let centre = (whole(*x, scale), whole(*y, scale));
                backend.draw_circle(centre, whole(*radius, scale).max(1) as u32, colour, true)
            }
        };
        drawn.map_err(unwritten)?;
    }
    Ok(())
}

fn write(backend: &mut SVGBackend<'_>, text: &Text) -> Result<(), Undrawable> {
    let across = match text.align {
        Align::Start => HPos::Left,
        Align::Middle => HPos::Center,
        Align::End => HPos::Right,
    };
    let font = FontDesc::new(FontFamily::Name(FAMILY), text.size * TENTHS * FONT_FACTOR, FontStyle::Normal);
    let font = if text.upwards { font.transform(FontTransform::Rotate270) } else { font };
    let style = TextStyle::from(font).color(&text.colour).pos(Pos::new(across, VPos::Center));
    let place = (whole(text.at.0, TENTHS), whole(text.at.1, TENTHS));
    backend.draw_text(&text.text, &style, place).map_err(unwritten)
}

pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, Undrawable> {
    let lettering = Lettering::embedded()?;
    let mut pixels = Pixels::smooth(scene)?;
    for text in &scene.texts {
        lettering.rasterised(text, SHARP as f64, |x, y, share| pixels.blend(x, y, text.colour, share));
    }
    pixels.encoded().map_err(unwritten)
}

/// Red, green and blue, row by row.
struct Pixels {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    /// All shapes, drawn large and taken together.
    fn smooth(scene: &Scene) -> Result<Self, Undrawable> {
        let [width, height] = [scene.width, scene.height].map(|length| whole(length, SHARP as f64) as usize);
        let [wide, high] = [width * SMOOTH, height * SMOOTH];
        let mut large = vec![255; wide * high * 3];
        {
            let mut backend = BitMapBackend::with_buffer(&mut large, (wide as u32, high as u32));
            shapes(&mut backend, scene, (SHARP * SMOOTH) as f64)?;
            backend.present().map_err(unwritten)?;
        }
        let row = |y: usize| {
            let large = &large;
            (0..width * 3).map(move |at| {
                let (x, part) = (at / 3, at % 3);
                let one = |n: usize| {
                    let (right, down) = (n % SMOOTH, n / SMOOTH);
                    u32::from(large[((y * SMOOTH + down) * wide + x * SMOOTH + right) * 3 + part])
                };
                let all = (SMOOTH * SMOOTH) as u32;
                (((0..SMOOTH * SMOOTH).map(one).sum::<u32>() + all / 2) / all) as u8
            })
        };
        Ok(Self { width, height, bytes: (0..height).flat_map(row).collect() })
    }

    fn blend(&mut self, x: i64, y: i64, RGBColor(r, g, b): RGBColor, share: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y * self.width + x) * 3;
        for (pixel, part) in self.bytes[at..at + 3].iter_mut().zip([r, g, b]) {
            let (under, over) = (f32::from(*pixel), f32::from(part));
            *pixel = (under + (over - under) * share.min(1.0)).round() as u8;
        }
    }

    fn encoded(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_filter(png::Filter::NoFilter);
        // 96 lengths to an inch, as in an SVG.
        let metre = (96.0 * SHARP as f64 / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: metre, yppu: metre, unit: png::Unit::Meter }));
        encoder.write_header()?.write_image_data(&self.bytes)?;
        Ok(file)
    }
}
