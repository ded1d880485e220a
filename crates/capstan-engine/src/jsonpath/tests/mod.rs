//! The module's cases as data (`cases.json`), the public compliance suite, and properties.

mod cases;
mod compliance;
mod properties;
