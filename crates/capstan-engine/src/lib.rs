//! A capability becomes a plan; a plan and parameters become data.

pub mod jsonpath;
