//! Letters: how wide texts are, where they are broken or cut, and how they are put into pixels.

use ab_glyph::{Font, FontRef, Glyph, GlyphId, OutlinedGlyph, PxScale, ScaleFont, point};

use super::Undrawable;
use super::scene::{Align, Text};

/// What an SVG asks for. Its letters are as wide as those that were measured, or narrower, wherever it is shown.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/// How high small letters of DejaVu Sans are, in ems.
const X_HEIGHT: f64 = 0.547;

/// The embedded font.
#[derive(Debug)]
pub(super) struct Lettering(FontRef<'static>);

impl Lettering {
    pub(super) fn embedded() -> Result<Self, Undrawable> {
        let font = FontRef::try_from_slice(dejavu::sans::regular());
        font.map(Self).map_err(|_| Undrawable::Unwritten("the embedded font is not readable".to_owned()))
    }

    /// How many lengths wide a text is at this size.
    pub(super) fn width(&self, text: &str, size: f64) -> f64 {
        self.placed(text, size).1
    }

    /// Each letter with where it begins, and where the text ends.
    fn placed(&self, text: &str, size: f64) -> (Vec<(GlyphId, f64)>, f64) {
        let scaled = self.0.as_scaled(self.scale(size));
        let (mut letters, mut at, mut last) = (Vec::new(), 0.0, None);
        for glyph in text.chars().map(|letter| self.0.glyph_id(letter)) {
            at += last.map_or(0.0, |last| f64::from(scaled.kern(last, glyph)));
            letters.push((glyph, at));
            at += f64::from(scaled.h_advance(glyph));
            last = Some(glyph);
        }
        (letters, at)
    }

    /// The font's own measure is from its lowest to its highest letter; that of texts is the em.
    fn scale(&self, size: f64) -> PxScale {
        let em = self.0.units_per_em().unwrap_or(1.0);
        PxScale::from(size as f32 * self.0.height_unscaled() / em)
    }

    /// A text in lines of at most this width, broken at spaces; a word that is wider is cut.
    pub(super) fn wrapped(&self, text: &str, width: f64, size: f64) -> Vec<String> {
        let gap = self.width(" ", size);
        let (mut lines, mut free) = (Vec::<String>::new(), 0.0);
        for word in text.split_whitespace() {
            let needed = gap + self.width(word, size);
            match lines.last_mut().filter(|_| needed <= free) {
                Some(line) => {
                    line.push(' ');
                    line.push_str(word);
                    free -= needed;
                }
                None => {
                    lines.push(self.clipped(word, width, size));
                    free = width + gap - needed;
                }
            }
        }
        lines
    }

    /// A text of at most this width; what is cut off is marked.
    pub(super) fn clipped(&self, text: &str, width: f64, size: f64) -> String {
        let (letters, whole) = self.placed(text, size);
        if whole <= width {
            return text.to_owned();
        }
        let room = width - self.width("…", size);
        // Where a letter begins, those before it end.
        let kept = letters.iter().take_while(|(_, at)| *at <= room).count().saturating_sub(1);
        let kept: String = text.chars().take(kept).collect();
        if room < 0.0 { String::new() } else { format!("{}…", kept.trim_end()) }
    }

    /// Puts a text into pixels: of each that it covers, where it is and how much of it.
    pub(super) fn rasterised(&self, text: &Text, scale: f64, mut put: impl FnMut(i64, i64, f32)) {
        let size = text.size * scale;
        let (letters, width) = self.placed(&text.text, size);
        let start = match text.align {
            Align::Start => 0.0,
            Align::Middle => -width / 2.0,
            Align::End => -width,
        };
        // A whole place for text that runs upwards: it is turned pixel by pixel.
        let (x, y) = (text.at.0 * scale, text.at.1 * scale);
        let (x, y) = if text.upwards { (y.round(), x.round()) } else { (x, y) };
        let (sign, baseline) = (if text.upwards { -1.0 } else { 1.0 }, y + size * X_HEIGHT / 2.0);
        for (id, at) in letters {
            let from = sign * x + start + at;
            let glyph = Glyph { id, scale: self.scale(size), position: point(from as f32, baseline as f32) };
            let Some(outline) = self.0.outline_glyph(glyph) else { continue };
            cover(
                &outline,
                |along, down, share| {
                    if text.upwards { put(down, -along - 1, share) } else { put(along, down, share) }
                },
            );
        }
    }
}

fn cover(outline: &OutlinedGlyph, mut put: impl FnMut(i64, i64, f32)) {
    let corner = outline.px_bounds().min;
    outline.draw(|x, y, share| put(corner.x as i64 + i64::from(x), corner.y as i64 + i64::from(y), share));
}
