//! Changes to a consumed API that is not one's own.

use super::auth::Authentication;
use crate::reader::record;

record! {
    /// What settings change of a consumed API: its own keys, each in place of the file's.
    pub struct Amendment is "a change to a consumed API" {
        /// How the caller proves who it is.
        authentication: Option<Authentication> = "authentication";
    }
}
