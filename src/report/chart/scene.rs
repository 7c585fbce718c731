//! What a chart consists of once it is laid out: lines, areas, discs and texts, from the lowest to the topmost.

use plotters::style::RGBColor;

/// A place in the picture: lengths from the left and from the top.
pub(super) type Place = (f64, f64);

/// A picture of a size, and all that is in it. Lengths are those of the SVG: its pixels where it is not scaled.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) shapes: Vec<Shape>,
    /// Texts lie above all shapes.
    pub(super) texts: Vec<Text>,
}

/// Something without letters.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A line through these places.
    Line { places: Vec<Place>, width: f64, colour: RGBColor },
    /// What is within.
    Area { places: Vec<Place>, colour: RGBColor, opacity: f64 },
    /// A filled circle.
    Disc { centre: Place, radius: f64, colour: RGBColor },
}

/// A line of text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    /// Half as high above the baseline as small letters are.
    pub(super) at: Place,
    /// Its size, which is that of an em.
    pub(super) size: f64,
    pub(super) colour: RGBColor,
    pub(super) align: Align,
    /// Whether it runs upwards instead of to the right.
    pub(super) upwards: bool,
}

/// Which part of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

impl Scene {
    pub(super) fn new(width: f64) -> Self {
        Self { width, height: 0.0, shapes: Vec::new(), texts: Vec::new() }
    }

    pub(super) fn line(&mut self, places: Vec<Place>, width: f64, colour: RGBColor) {
        self.shapes.push(Shape::Line { places, width, colour });
    }

    pub(super) fn area(&mut self, places: Vec<Place>, colour: RGBColor, opacity: f64) {
        self.shapes.push(Shape::Area { places, colour, opacity });
    }

    pub(super) fn rectangle(&mut self, (left, top): Place, (right, bottom): Place, colour: RGBColor) {
        self.area(vec![(left, top), (right, top), (right, bottom), (left, bottom)], colour, 1.0);
    }

    pub(super) fn disc(&mut self, centre: Place, radius: f64, colour: RGBColor) {
        self.shapes.push(Shape::Disc { centre, radius, colour });
    }

    pub(super) fn text(&mut self, text: impl Into<String>, at: Place, size: f64, colour: RGBColor, align: Align) {
        let text = text.into();
        if !text.is_empty() {
            self.texts.push(Text { text, at, size, colour, align, upwards: false });
        }
    }

    /// A text that runs upwards.
    pub(super) fn upwards(&mut self, text: &str, at: Place, size: f64, colour: RGBColor, align: Align) {
        self.text(text, at, size, colour, align);
        if let Some(last) = self.texts.last_mut().filter(|_| !text.is_empty()) {
            last.upwards = true;
        }
    }

    /// A line in dashes of `dash` with gaps of `gap` between them, which go on around corners.
    pub(super) fn dashed(&mut self, places: &[Place], width: f64, colour: RGBColor, [dash, gap]: [f64; 2]) {
        let (mut current, mut is_on, mut left) = (Vec::new(), true, dash);
        for pair in places.windows(2) {
            let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
            let length = libm::hypot(x1 - x0, y1 - y0);
            let mut done = 0.0;
            while length > done {
                let along = |done: f64| (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
                if is_on && current.is_empty() {
                    current.push(along(done));
                }
                let step = left.min(length - done);
                (done, left) = (done + step, left - step);
                if is_on {
                    current.push(along(done));
                }
                if left <= 0.0 {
                    if is_on {
                        self.line(std::mem::take(&mut current), width, colour);
                    }
                    (is_on, left) = (!is_on, if is_on { gap } else { dash });
                }
            }
        }
        if current.len() > 1 {
            self.line(current, width, colour);
        }
    }
}
