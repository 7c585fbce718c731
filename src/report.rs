//! What a run looked like, for people and for programs: plain data in, text and files out.
//!
//! Nothing here prints, and nothing here knows of the command line. Text is made for [`layout::WIDTH`] columns and
//! carries colours only where the caller's [`Ink`] asks for them.

pub mod catalogue;
pub mod character;
pub mod chart;
pub mod comparison;
pub mod course;
pub mod document;
pub mod explained;
pub mod files;
pub mod layout;
pub(crate) mod markup;
pub mod page;
pub mod perfetto;
pub mod picture;
pub mod recording;
pub mod shiviz;
pub mod story;
pub mod transactions;
pub mod verdict;
pub mod view;
mod words;

pub use layout::Ink;
