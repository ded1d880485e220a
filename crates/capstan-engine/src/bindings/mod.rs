//! Values from outside: where bound variables come from and how they are kept from showing.
mod scrubber;
mod secret;
mod view;
pub use scrubber::Scrubber;
pub use secret::Secret;
