//! Pages as a reader meets them: in a browser. Where there is none, these tests say so and are skipped.

mod driver;
mod run;
mod sweep;
