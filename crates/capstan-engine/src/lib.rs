//! A capability becomes a plan; a plan and parameters become data.

pub mod bindings;
pub mod limits;
pub mod upstream;
