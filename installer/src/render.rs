//! Events for people and for programs. Each renderer writes to whatever it is given.

mod json;
mod lines;
mod progress;

pub use json::Json;
pub use lines::Lines;
pub(crate) use lines::name;
pub use progress::Bar;
