//! Content that is held in many places at once.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use super::Payload;
use crate::rng::content_hash;

/// A value that many hold and nobody changes, such as a command that stands in logs, on disks and in messages. A
/// copy costs a counter, and so does its hash: that of the content is computed once, when it is made.
pub struct Shared<T>(Rc<Sealed<T>>);

struct Sealed<T> {
    hash: u64,
    content: T,
}

impl<T: Payload> From<T> for Shared<T> {
    fn from(content: T) -> Self {
        Self(Rc::new(Sealed { hash: content_hash(&content), content }))
    }
}

impl<T> Clone for Shared<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0.content
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.content.fmt(f)
    }
}

impl<T: Eq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.0.content == other.0.content)
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T> Hash for Shared<T> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_contents_are_equal_and_hash_alike_wherever_they_are_held() {
        let [one, same, other] = ["a", "a", "b"].map(|text| Shared::from(text.to_owned()));
        assert_eq!((&one, content_hash(&one)), (&same, content_hash(&same)));
        assert_ne!((&one, content_hash(&one)), (&other, content_hash(&other)));
        assert_eq!(one.clone(), one);
        assert_eq!(format!("{one:?}"), "\"a\"");
    }
}
