//! Values from outside: where bound variables come from and how they are kept from showing.
//!
//! A binding names variables; its values come from an [`Environment`] or from a file that
//! [`locate`] finds, [`Files`] reads and [`Values`] understands. Every value becomes a
//! [`Secret`], and the [`Scrubber`] takes all of them out of any text that people see.

mod doors;
mod dotenv;
mod error;
mod location;
mod properties;
mod scrubber;
mod secret;
mod structured;
mod values;
mod view;

pub use doors::{Environment, Files, LayeredEnvironment, MapEnvironment, MapFiles, ProcessEnvironment, RealFiles};
pub use error::BindingError;
pub use location::locate;
pub use scrubber::Scrubber;
pub use secret::Secret;
pub use values::Values;
