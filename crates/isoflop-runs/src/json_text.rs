//! The marks of JSON in a text: what the reader of JSON lines and the walk over the documents of trackers share.

/// A place in a JSON text.
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    /// The byte that comes next.
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Cursor<'a> {
        Cursor { text, at: 0 }
    }

    /// The text that is left.
    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over this byte, if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// A string with its quotes, and whether it has escapes.
    pub(crate) fn quoted(&mut self) -> Result<(&'a str, bool), &'static str> {
        let start = self.at;
        if !self.take(b'"') {
            return Err("expected `\"`");
        }
        let mut has_escapes = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
                None => return Err("a string is not closed"),
            }
        }
        self.at += 1;
        Ok((&self.text[start..self.at], has_escapes))
    }
}
