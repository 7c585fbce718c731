//! Forms without forms in them: strings, characters, numbers, keywords, symbols, and tags.

use std::io::BufRead;
use std::str;
use std::sync::Arc;

use super::{ReadError, Reader};
use crate::recorded::Value;
use crate::recorded::draft::Field;
use crate::recorded::names::Names;
use crate::recorded::value::is_name;

/// Whether an atom ends before this byte.
const fn ends_atom(byte: u8) -> bool {
    matches!(byte, b' ' | b',' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
        || matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'"' | b';' | b'\\')
}

impl<R: BufRead> Reader<R> {
    /// Moves the bytes up to the first that `ends` into the scratch. A line may end among them.
    #[inline]
    fn take_until(&mut self, ends: impl Fn(u8) -> bool) {
        loop {
            let offset = self.offset();
            let mut scratch = std::mem::take(&mut self.scratch);
            let chunk = self.chunk();
            let read = chunk.iter().position(|&byte| ends(byte)).unwrap_or(chunk.len());
            let more = read > 0 && read == chunk.len();
            let (mut lines, mut last) = (0, None);
            for (n, _) in chunk[..read].iter().enumerate().filter(|&(_, &byte)| byte == b'\n') {
                (lines, last) = (lines + 1, Some(offset + n as u64 + 1));
            }
            scratch.extend_from_slice(&chunk[..read]);
            self.scratch = scratch;
            self.line += lines;
            self.line_start = last.unwrap_or(self.line_start);
            self.skip(read);
            if !more {
                return;
            }
        }
    }

    /// What `read` makes of the atom at hand. It is copied only if the bytes at hand end within it.
    #[inline(always)]
    fn token<T>(&mut self, read: impl FnOnce(&str, &mut Names) -> Result<T, String>) -> Result<T, ReadError> {
        let place = self.place();
        let within = self.chunk().iter().position(|&byte| ends_atom(byte));
        let result = if let Some(length) = within {
            let bytes = &self.buffer[self.at..self.at + length];
            let result = str::from_utf8(bytes).map(|token| read(token, &mut self.names));
            self.skip(length);
            result
        } else {
            self.scratch.clear();
            self.take_until(ends_atom);
            str::from_utf8(&self.scratch).map(|token| read(token, &mut self.names))
        };
        match result {
            Ok(result) => result.map_err(|message| place.fault(message)),
            Err(_) => Err(place.fault("this is not UTF-8")),
        }
    }

    /// A number, a keyword, a symbol, or a word that stands for a value.
    pub(super) fn atom(&mut self) -> Result<Value, ReadError> {
        self.token(|token, names| match token.as_bytes() {
            b"nil" => Ok(Value::Nil),
            b"true" => Ok(Value::Bool(true)),
            b"false" => Ok(Value::Bool(false)),
            [b':', ..] => match &token[1..] {
                name if is_name(name) => Ok(Value::Keyword(names.share(name))),
                _ => Err(format!("`{}` is not a keyword", shown(token))),
            },
            [b'0'..=b'9', ..] | [b'+' | b'-', b'0'..=b'9' | b'+' | b'-', ..] => match number(token) {
                Some(Number::Whole(value)) => Ok(Value::Int(value)),
                Some(Number::Written(digits)) => Ok(Value::Text(names.share(digits))),
                None => Err(format!("`{}` is not a number", shown(token))),
            },
            _ if is_name(token) => Ok(Value::Text(names.share(token))),
            _ => Err(format!("`{}` is not a value", shown(token))),
        })
    }

    /// The field whose keyword is at hand, or the name that is none.
    pub(in crate::recorded) fn field(&mut self) -> Result<Result<Field, Arc<str>>, ReadError> {
        self.token(|token, names| match token.strip_prefix(':') {
            Some(name) => match Field::named(name.as_bytes()) {
                Some(field) => Ok(Ok(field)),
                None if is_name(name) => Ok(Err(names.share(name))),
                None => Err(format!("`{}` is not a keyword", shown(token))),
            },
            None => Err(format!("`{}` is not a keyword", shown(token))),
        })
    }

    /// A tag, whose `#` was passed over.
    pub(in crate::recorded) fn tag(&mut self) -> Result<(), ReadError> {
        self.token(|tag, _| match tag.strip_prefix(':').unwrap_or(tag) {
            name if is_name(name) => Ok(()),
            _ => Err(format!("`#{}` is not a tag", shown(tag))),
        })
    }

    /// `##Inf`, `##-Inf` or `##NaN`, whose first `#` was passed over.
    pub(super) fn symbolic(&mut self) -> Result<Value, ReadError> {
        self.token(|token, names| match token {
            "#Inf" | "#-Inf" | "#NaN" => Ok(Value::Text(names.share(&format!("#{token}")))),
            _ => Err(format!("`#{}` is not a number (known: ##Inf, ##-Inf, ##NaN)", shown(token))),
        })
    }

    pub(super) fn string(&mut self) -> Result<Value, ReadError> {
        let open = self.place();
        self.skip(1);
        if let Some(text) = self.plain_string() {
            return Ok(text);
        }
        self.scratch.clear();
        loop {
            self.take_until(|byte| matches!(byte, b'"' | b'\\'));
            match self.peek() {
                Some(b'"') => break,
                Some(_) => self.escape()?,
                None => return Err(self.cut(&format!("within the string that begins in column {}", open.column))),
            }
        }
        self.skip(1);
        match str::from_utf8(&self.scratch) {
            Ok(text) => Ok(Value::Text(self.names.share(text))),
            Err(_) => Err(open.fault("this string is not UTF-8")),
        }
    }

    /// The rest of a string that needs no copy: nothing in it stands for something else, and its end is at hand.
    fn plain_string(&mut self) -> Option<Value> {
        let special = |&byte: &u8| matches!(byte, b'"' | b'\\' | b'\n');
        let chunk = &self.buffer[self.at..];
        let length = chunk.iter().position(special).filter(|&length| chunk[length] == b'"')?;
        let text = self.names.share(str::from_utf8(&chunk[..length]).ok()?);
        self.skip(length + 1);
        Some(Value::Text(text))
    }

    /// The backslash at hand and what belongs to it, as the character it stands for.
    fn escape(&mut self) -> Result<(), ReadError> {
        let place = self.place();
        self.skip(1);
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\')) => byte,
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'u') => {
                let c = self.unicode()?;
                let Some(c) = c else { return Err(place.fault("this is no character of Unicode")) };
                self.scratch.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            None => return Err(self.cut("within a string")),
            Some(_) => {
                let known = "`\\n`, `\\t`, `\\r`, `\\b`, `\\f`, `\\\"`, `\\\\`, `\\u` with four digits";
                return Err(place.fault(format!("unknown escape in a string (known: {known})")));
            }
        };
        self.skip(1);
        self.scratch.push(plain);
        Ok(())
    }

    /// What stands at the `u` at hand: four hexadecimal digits, or a pair of surrogates.
    fn unicode(&mut self) -> Result<Option<char>, ReadError> {
        let high = self.unit()?;
        if !(0xd800..0xdc00).contains(&high) || self.peek() != Some(b'\\') {
            return Ok(char::from_u32(high));
        }
        self.skip(1);
        if self.peek() != Some(b'u') {
            return Ok(None);
        }
        let low = self.unit()?;
        Ok(char::decode_utf16([high as u16, low as u16]).next().and_then(Result::ok))
    }

    fn unit(&mut self) -> Result<u32, ReadError> {
        self.skip(1);
        let mut unit = 0;
        for _ in 0..4 {
            let place = self.place();
            let byte = self.peek();
            let digit = byte.and_then(|byte| (byte as char).to_digit(16));
            let Some(digit) = digit else {
                return Err(match byte {
                    Some(_) => place.fault("`\\u` takes four hexadecimal digits"),
                    None => self.cut("within a string"),
                });
            };
            self.skip(1);
            unit = unit * 16 + digit;
        }
        Ok(unit)
    }

    /// A character such as `\a`, `\newline` or `\u0041`, as a text.
    pub(super) fn character(&mut self) -> Result<Value, ReadError> {
        let place = self.place();
        self.skip(1);
        self.scratch.clear();
        // The first byte belongs to it whatever it is: `\[` is a character.
        match self.peek() {
            None => return Err(self.cut("within a character")),
            Some(byte) if byte.is_ascii_whitespace() => return Err(place.fault("`\\` before a blank is no character")),
            Some(byte) => {
                self.scratch.push(byte);
                self.skip(1);
            }
        }
        self.take_until(ends_atom);
        let Ok(name) = str::from_utf8(&self.scratch) else { return Err(place.fault("this is not UTF-8")) };
        let mut chars = name.chars();
        let named = match (name, chars.next(), chars.as_str()) {
            (_, Some(c), "") => Some(c),
            ("newline", ..) => Some('\n'),
            ("space", ..) => Some(' '),
            ("tab", ..) => Some('\t'),
            ("return", ..) => Some('\r'),
            ("backspace", ..) => Some('\u{8}'),
            ("formfeed", ..) => Some('\u{c}'),
            (_, Some('u'), digits) if digits.len() == 4 => {
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
            }
            _ => None,
        };
        let Some(c) = named else { return Err(place.fault(format!("`\\{name}` is not a character"))) };
        Ok(Value::Text(self.names.share(c.encode_utf8(&mut [0; 4]))))
    }
}

/// As much of a token as a message may hold.
fn shown(token: &str) -> String {
    token.chars().take(40).collect()
}

enum Number<'a> {
    Whole(i64),
    /// Not whole, or of more than 64 bits.
    Written(&'a str),
}

/// A number of EDN, or a ratio of Clojure.
fn number(token: &str) -> Option<Number<'_>> {
    let unsigned = token.strip_prefix(['+', '-']).unwrap_or(token);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = unsigned.split_at(digits(unsigned));
    if whole.is_empty() || whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let written = token.strip_prefix('+').unwrap_or(token);
    if matches!(rest, "" | "N") {
        let written = written.strip_suffix('N').unwrap_or(written);
        return Some(written.parse().map_or(Number::Written(written), Number::Whole));
    }
    if let Some(below) = rest.strip_prefix('/') {
        let ratio = !below.is_empty() && digits(below) == below.len();
        return ratio.then_some(Number::Written(written));
    }
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => &fraction[digits(fraction)..],
        None => rest,
    };
    let rest = match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let length = digits(exponent);
            if length == 0 {
                return None;
            }
            &exponent[length..]
        }
        None => rest,
    };
    matches!(rest, "" | "M").then_some(Number::Written(written))
}
