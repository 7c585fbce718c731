//! Texts in HTML.

use std::fmt::{self, Display, Write};

/// A text within HTML.
pub(crate) struct Safe<T>(pub(crate) T);

impl<T: Display> Display for Safe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                control if control.is_control() => f.write_char('\u{fffd}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_be_taken_for_html() {
        assert_eq!(Safe("<b a='\"'>&\u{1b}").to_string(), "&lt;b a=&#39;&quot;&#39;&gt;&amp;\u{fffd}");
    }
}
