//! Changes to a consumed API that is not one's own.

use super::auth::{Authentication, Tls};
use super::collection::Named;
use super::pagination::Pagination;
use super::resilience::Resilience;
use crate::reader::record;

record! {
    /// What settings change of a consumed API: its own keys, each in place of the file's.
    pub struct Amendment is "a change to a consumed API" {
        /// How the caller proves who it is.
        authentication: Option<Authentication> = "authentication";
        /// What its calls do when the far side fails.
        resilience: Option<Resilience> = "resilience";
        /// The client's certificate and the trusted authorities.
        tls: Option<Tls> = "tls";
        /// Changes to its operations, by name.
        operations: Named<OperationAmendment> = "operations";
    }
}

record! {
    /// What settings change of an operation.
    pub struct OperationAmendment is "a change to an operation" {
        /// How its pages are followed.
        pagination: Option<Pagination> = "pagination";
        /// What its calls do when the far side fails.
        resilience: Option<Resilience> = "resilience";
    }
}
